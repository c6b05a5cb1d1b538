import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Return whether an element fills the screen, and a function that changes it. Phones whose browser cannot do it show the
 * element over the page, and Escape ends that. */
export function useFullScreen(elementRef: RefObject<HTMLElement | null>): readonly [boolean, () => void] {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const read = () => setFull(document.fullscreenElement === elementRef.current);
    const leave = ({ key }: KeyboardEvent) => {
      if (key === "Escape" && !document.querySelector("dialog[open]")) setFull(false);
    };
    document.addEventListener("fullscreenchange", read);
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("fullscreenchange", read);
      document.removeEventListener("keydown", leave);
    };
  }, [elementRef]);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (full || !document.fullscreenEnabled) setFull(!full);
    else elementRef.current?.requestFullscreen().catch(() => setFull(true));
  };
  return [full, toggle];
}
