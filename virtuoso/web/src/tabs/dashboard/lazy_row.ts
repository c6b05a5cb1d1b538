import { Component, createRef } from "preact";
import type { ConfluenceRow } from "virtuoso-market";

/** A row of a long list. It renders only near the screen, and only when its row object is a new one, which means that the
 * row changed, or when a signal changed that it reads. A row that missed a change renders when it comes near the screen. */
export abstract class LazyRow<E extends HTMLElement> extends Component<{ row: ConfluenceRow }> {
  protected readonly element = createRef<E>();
  #near = true; // until the observer reports it

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

  override shouldComponentUpdate(next: { row: ConfluenceRow }, state: unknown) {
    // a signal that the row reads, such as the language, sets a new state
    return this.#near && (next.row !== this.props.row || state !== this.state);
  }

  setNear(near: boolean) {
    const before = this.#near;
    this.#near = near;
    if (near && !before) this.forceUpdate();
  }
}

const rows = new WeakMap<Element, LazyRow<HTMLElement>>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) rows.get(target)?.setNear(isIntersecting);
  },
  { rootMargin: "400px" },
);
