import type { InspectorState } from "../../state.ts";
import { type Advice, adviceFor } from "../model/guesses.ts";

/** What could be better: findings of the doctor, with their proofs, and guesses that it could prove. */
export function AdviceList({ state }: { state: InspectorState }) {
  const all = adviceFor(state);
  if (all.length === 0) return null;
  const isGuessed = all.some(({ proof }) => proof === undefined);
  return (
    <section aria-label="What could be better">
      <h2>
        What could be better
        {isGuessed && <small>guesses by these figures; `runlane doctor` proves what helps</small>}
      </h2>
      <div class="panel">
        <ul class="findings">
          {all.map((advice) => (
            <Item key={advice.id + advice.title} advice={advice} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function Item({ advice: { title, evidence, change, proof } }: { advice: Advice }) {
  return (
    <li>
      <h3>
        {title} <span class={proof?.startsWith("proved") ? "pill proved" : "pill"}>{proof ?? "not proved"}</span>
      </h3>
      <p>{evidence}</p>
      {change !== undefined && (
        <details class="change">
          <summary>Show the change</summary>
          <pre tabIndex={0}>{change}</pre>
        </details>
      )}
    </li>
  );
}
