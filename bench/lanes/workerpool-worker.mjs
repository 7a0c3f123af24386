import { worker } from "workerpool";
import { double, echo, spin } from "./functions.mjs";

worker({ double, echo, spin });
