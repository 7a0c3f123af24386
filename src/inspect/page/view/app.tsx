import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { InspectorState } from "../../state.ts";
import { connect, type Known, stateInPage } from "../model/connection.ts";
import { duration } from "../model/format.ts";
import { stepsOf } from "../model/steps.ts";
import { AdviceList } from "./advice-list.tsx";
import { ChainPanel } from "./chain-panel.tsx";
import { HeldBanner } from "./held-banner.tsx";
import { Lanes } from "./lanes.tsx";
import { LoopCharts } from "./loop-charts.tsx";
import { Needs } from "./needs.tsx";
import { Runs } from "./runs.tsx";
import { StatusLine } from "./status-line.tsx";

/** The whole page. */
export function App() {
  const known = useProgram();
  const [paused, setPaused] = useState<InspectorState>();
  const [step, setStep] = useState("");
  const state = paused ?? known.state;
  useEffect(() => {
    if (state !== undefined) document.title = `${state.title} – Runlane`;
  }, [state?.title]);
  const pause = () => setPaused((before) => (before === undefined ? known.state : undefined));
  useKeys({ p: pause, Escape: () => setStep("") });
  const names = useMemo(
    () => [...new Set(state?.chains.flatMap((chain) => stepsOf(chain).map(({ name }) => name)))],
    [state?.chains],
  );
  if (state === undefined) {
    const text = known.link === "lost" ? "The program cannot be reached." : "Waiting for the program…";
    return <p class="waiting">{text}</p>;
  }
  const filter = names.includes(step) ? step : "";
  return (
    <>
      <a class="skip" href="#runs">
        Skip to the runs
      </a>
      <header class="top">
        <StatusLine state={state} link={known.link} paused={paused !== undefined} onPause={pause} />
        <HeldBanner held={known.held} chains={state.chains} />
        <Notice link={known.link} paused={paused} state={state} />
      </header>
      <main class="wrap">
        <LoopCharts state={state} />
        {state.chains.map((chain) => (
          <ChainPanel
            key={chain.name}
            chain={chain}
            state={state}
            held={known.held}
            filter={filter}
            onFilter={setStep}
          />
        ))}
        <Lanes state={state} />
        <Needs state={state} />
        <Runs state={state} names={names} filter={filter} onFilter={setStep} />
        <AdviceList state={state} />
      </main>
      <footer class="wrap">
        <span>
          Runlane {state.about.runlane}, Node {state.about.node}, {state.about.cores} cores
        </span>
        <span>{state.about.showsValues ? "Inputs and outputs are shown." : "Inputs and outputs are not shown."}</span>
        <span>Keys: p pauses, Esc shows all steps</span>
      </footer>
    </>
  );
}

/** What the program says, or what the page was made with. */
function useProgram(): Known {
  const given = useMemo(stateInPage, []);
  const [known, setKnown] = useState<Known>(
    given === undefined
      ? { link: "waiting", state: undefined, held: undefined }
      : { link: "report", state: given, held: undefined },
  );
  useEffect(() => (given === undefined ? connect(setKnown) : undefined), []);
  return known;
}

/** Keys do something where nobody types. */
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, target, ctrlKey, metaKey, altKey } = event;
      if (ctrlKey || metaKey || altKey || target instanceof HTMLSelectElement) return;
      current.current[key]?.();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

interface NoticeProps {
  readonly link: Known["link"];
  readonly paused: InspectorState | undefined;
  readonly state: InspectorState;
}

/** Says when what is shown is not what is. */
function Notice({ link, paused, state }: NoticeProps) {
  let text = "";
  if (paused !== undefined) text = `Paused at ${duration(paused.elapsedMs)} from the start. The program goes on.`;
  else if (link === "lost") text = "The program cannot be reached. This is what it said last; the page tries again.";
  else if (link === "closed" && state.phase !== "over")
    text = "The program has closed this page. This is what it said last.";
  return (
    <div role="status">
      {text !== "" && (
        <div class="note">
          <p class="wrap">{text}</p>
        </div>
      )}
    </div>
  );
}
