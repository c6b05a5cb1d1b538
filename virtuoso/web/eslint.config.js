import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import { configs } from "typescript-eslint";

// Two words, or one that begins a sentence. Classes, keys, errors and our name have no words that users read in a language.
const WORDS = "/[A-Za-z]{2} [A-Za-z]{2}|^ ?(?!Virtuoso$|Arrow)[A-Z][a-z]/";
const NO_TEXT = "JSXAttribute[name.name=/^(class|id|aria-controls)$/] *";
const inTexts = "Texts that users read are in src/texts.";
const TEXTS = [
  { selector: "JSXText[value=/^(?!\\s*Virtuoso\\s*$)[^]*[a-z]{2}/]", message: inTexts },
  {
    selector: `:not(NewExpression, BinaryExpression) > Literal[value=${WORDS}]:not(${NO_TEXT})`,
    message: inTexts,
  },
  { selector: `JSXExpressionContainer > TemplateLiteral:not(${NO_TEXT}) > [value.raw=/[a-z]{2}/]`, message: inTexts },
];
const inFormat = "Numbers and times are formatted by src/format.ts.";
const FORMATS = [
  {
    selector:
      "MemberExpression[property.name=/^to(Fixed|Precision|Exponential|Locale.*String|.*TimeString|.*DateString|ISOString)$/]",
    message: inFormat,
  },
  { selector: "MemberExpression[object.name=Intl]", message: inFormat },
];
const forbid = (...selectors) => ({ "no-restricted-syntax": ["error", ...selectors] });

export default defineConfig(
  { ignores: ["node_modules", ".made-*"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [configs.strictTypeChecked, configs.stylisticTypeChecked, hooks.configs.flat["recommended-latest"]],
    languageOptions: { parserOptions: { project: ["tsconfig.json", "tsconfig.worker.json", "client/tsconfig.json"] } },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "react-hooks/exhaustive-deps": "error",
      "react-hooks/immutability": "off", // it takes an assignment to a signal in a handler for a change of a prop
    },
  },
  { files: ["src/**/*.{ts,tsx}"], rules: forbid(...TEXTS, ...FORMATS) },
  { files: ["src/texts/**"], rules: forbid(...FORMATS) },
  { files: ["src/format.ts", "src/early.ts"], rules: forbid(...TEXTS) },
  { files: ["src/sw.ts"], rules: { "no-restricted-syntax": "off" } },
);
