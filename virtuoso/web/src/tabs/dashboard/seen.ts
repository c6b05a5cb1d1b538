import { Component, createRef } from "preact";
import type { ConfluenceRow } from "virtuoso-market";

/** A row of a long list. Drawn anew only when its row is another object, which is when something in it changed, and only
 * near the screen: others catch up when they come there. */
export abstract class SeenRow<E extends HTMLElement> extends Component<{ row: ConfluenceRow }> {
  protected readonly element = createRef<E>();
  #near = true; // until the observer says otherwise

  override componentDidMount() {
    if (!this.element.current) return;
    rows.set(this.element.current, this);
    observer.observe(this.element.current);
  }

  override componentWillUnmount() {
    if (!this.element.current) return;
    observer.unobserve(this.element.current);
    rows.delete(this.element.current);
  }

  override shouldComponentUpdate(next: { row: ConfluenceRow }) {
    return this.#near && next.row !== this.props.row;
  }

  come(near: boolean) {
    const before = this.#near;
    this.#near = near;
    if (near && !before) this.forceUpdate();
  }
}

const rows = new WeakMap<Element, SeenRow<HTMLElement>>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) rows.get(target)?.come(isIntersecting);
  },
  { rootMargin: "400px" },
);
