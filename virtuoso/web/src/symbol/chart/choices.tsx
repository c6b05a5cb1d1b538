import { useState } from "preact/hooks";
import { t } from "../../texts/index.js";
import { Icon, Sheet } from "../../ui/index.js";
import { LAYERS, type Layer, chosenLayers } from "./layers.js";

/** A button for the choice of what the chart shows. The choice is stored on this device. */
export function LayerChoice({ offered }: { offered: readonly Layer[] }) {
  const [open, setOpen] = useState(false);
  const words = t().chart;
  const toggle = (layer: Layer) => {
    const before = chosenLayers.value;
    chosenLayers.value = LAYERS.filter((one) => before.includes(one) !== (one === layer));
  };
  return (
    <>
      <button type="button" class="button small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="filter" /> {words.indicators}
      </button>
      <Sheet open={open} onClose={() => setOpen(false)} title={words.indicators}>
        <div class="choices layer-choices" role="group" aria-label={words.indicators}>
          {offered.map((layer) => (
            <button
              type="button"
              class="button"
              key={layer}
              aria-pressed={chosenLayers.value.includes(layer)}
              onClick={() => toggle(layer)}
            >
              {words.layers[layer]}
            </button>
          ))}
        </div>
        <p class="faint">{words.explained}</p>
      </Sheet>
    </>
  );
}
