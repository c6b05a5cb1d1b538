import type { BetaWindow } from "virtuoso-market";
import { percent } from "../../format.js";
import { t } from "../../texts/index.js";

const CLEAR_T = 2;

/** Return the yearly alpha. One whose t-value is below 2 is most likely chance. */
export const alphaText = ({ alphaAnnualPercent, alphaT }: BetaWindow) =>
  Math.abs(alphaT ?? 0) < CLEAR_T ? t().betas.notClear : percent(alphaAnnualPercent, 0);
