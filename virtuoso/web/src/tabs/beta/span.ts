import { BetaSpan } from "virtuoso-market";
import { kept } from "../../state/kept.js";

const SHOWN = [BetaSpan.BETA_SPAN_24H, BetaSpan.BETA_SPAN_7D, BetaSpan.BETA_SPAN_30D];

/** The window of returns that is looked at. */
export const span = kept("betaSpan", (stored) => SHOWN.find((one) => one === stored) ?? BetaSpan.BETA_SPAN_7D);
export const SPAN_CHOICES = SHOWN;
