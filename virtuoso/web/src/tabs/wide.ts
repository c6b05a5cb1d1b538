import { useEffect, useState } from "preact/hooks";

const query = matchMedia("(min-width: 1100px)");

/** Whether a list and what is chosen in it stand side by side. */
export function useWide(): boolean {
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const change = () => setWide(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return wide;
}
