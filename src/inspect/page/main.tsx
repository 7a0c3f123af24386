import { render } from "preact";
import { App } from "./view/app.tsx";

const root = document.getElementById("app")!;
root.textContent = "";
render(<App />, root);
