import { introduced } from "../../state/settings.js";
import { t } from "../../texts/index.js";
import "../../styles/introduction.css";

/** Three cards for the first visit: what a score is, what 70 means, and what it is not. Once dismissed, they stay away. */
export function Introduction() {
  if (introduced.value) return null;
  const { title, cards, done } = t().introduction;
  return (
    <section class="introduction" aria-label={title}>
      <ol tabIndex={0} aria-label={title}>
        {cards.map((card) => (
          <li key={card.title} class="panel">
            <h2>{card.title}</h2>
            <p>{card.text}</p>
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="button chosen"
        onClick={() => {
          introduced.value = true;
        }}
      >
        {done}
      </button>
    </section>
  );
}
