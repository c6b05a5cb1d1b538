import { Component, type ComponentChildren, createRef } from "preact";
import { stillness } from "../state/screen.js";

interface Props {
  /** The identities of the items in their order. The same object means the same order. */
  order: readonly string[];
  /** The selector of the elements of the items. */
  items: string;
  children: ComponentChildren;
}

type Places = ReadonlyMap<HTMLElement, DOMRect>;

/** A list whose items slide to their new places when their order changes. With reduced motion they are there at once. */
export class Sliding extends Component<Props> {
  readonly #list = createRef<HTMLDivElement>();

  override getSnapshotBeforeUpdate(before: Props): Places | null {
    return before.order === this.props.order || stillness.peek() ? null : this.#places();
  }

  override componentDidUpdate(_before: Props, _state: unknown, places: Places | null) {
    if (!places) return;
    const slid: HTMLElement[] = [];
    for (const [element, to] of this.#places()) {
      const from = places.get(element);
      if (!from || !(isNearScreen(from) || isNearScreen(to))) continue;
      element.style.transition = "none";
      element.style.transform = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
      slid.push(element);
    }
    requestAnimationFrame(() => requestAnimationFrame(() => slid.forEach(slide))); // after a frame in the old places
  }

  override render() {
    return <div ref={this.#list}>{this.props.children}</div>;
  }

  #places(): Places {
    const elements = this.#list.current?.querySelectorAll<HTMLElement>(this.props.items) ?? [];
    return new Map([...elements].map((element) => [element, element.getBoundingClientRect()]));
  }
}

const isNearScreen = ({ top, bottom }: DOMRect) => bottom > 0 && top < innerHeight;

function slide({ style }: HTMLElement): void {
  style.transition = "transform 0.35s ease-out";
  style.removeProperty("transform");
}
