import { BetaSpan } from "virtuoso-market";
import { storedSignal } from "../../state/stored_signal.js";

const SHOWN = [BetaSpan.BETA_SPAN_24H, BetaSpan.BETA_SPAN_7D, BetaSpan.BETA_SPAN_30D];

/** The chosen window of returns. */
export const span = storedSignal("betaSpan", (stored) => SHOWN.find((one) => one === stored) ?? BetaSpan.BETA_SPAN_7D);
export const SPAN_CHOICES = SHOWN;
