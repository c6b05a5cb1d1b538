// The full names of well-known assets, for the search. They are names of projects and the same in every language. An asset that
// is not here is found by its symbol.
const NAMES: Record<string, string> = Object.fromEntries(
  `1INCH 1inch|AAVE Aave|ADA Cardano|AKT Akash Network|ALGO Algorand|APE ApeCoin|APT Aptos|AR Arweave|ARB Arbitrum|ATOM Cosmos|
AVAX Avalanche|AXS Axie Infinity|BAT Basic Attention Token|BCH Bitcoin Cash|BLUR Blur|BNB BNB|BOME Book of Meme|BONK Bonk|
BTC Bitcoin|CAKE PancakeSwap|CFX Conflux|CHZ Chiliz|COMP Compound|CRV Curve|DASH Dash|DOGE Dogecoin|DOT Polkadot|DYDX dYdX|
EGLD MultiversX|EIGEN EigenLayer|ENA Ethena|ENJ Enjin Coin|ENS Ethereum Name Service|EOS EOS|ETC Ethereum Classic|ETH Ethereum|
ETHFI ether.fi|FARTCOIN Fartcoin|FET Artificial Superintelligence Alliance|FIL Filecoin|FLOKI Floki|FLOW Flow|GALA Gala|
GMT STEPN|GMX GMX|GRT The Graph|HBAR Hedera|HYPE Hyperliquid|ICP Internet Computer|ICX ICON|IMX Immutable|INJ Injective|
IOTA IOTA|JASMY JasmyCoin|JTO Jito|JUP Jupiter|KAS Kaspa|KAVA Kava|KSM Kusama|LDO Lido DAO|LINK Chainlink|LPT Livepeer|
LTC Litecoin|MANA Decentraland|MASK Mask Network|MATIC Polygon|MEME Memecoin|MINA Mina|MKR Maker|MNT Mantle|MOODENG Moo Deng|
NEAR NEAR Protocol|NEO Neo|NOT Notcoin|OKB OKB|ONDO Ondo|ONE Harmony|OP Optimism|ORDI Ordinals|PAXG PAX Gold|PENDLE Pendle|
PENGU Pudgy Penguins|PEOPLE ConstitutionDAO|PEPE Pepe|PNUT Peanut the Squirrel|POL Polygon|POPCAT Popcat|PYTH Pyth Network|
QNT Quant|QTUM Qtum|RAY Raydium|RENDER Render|ROSE Oasis|RUNE THORChain|S Sonic|SAND The Sandbox|SATS SATS|SEI Sei|SHIB Shiba Inu|
SKY Sky|SNX Synthetix|SOL Solana|STRK Starknet|STX Stacks|SUI Sui|SUSHI SushiSwap|TAO Bittensor|THETA Theta Network|TIA Celestia|
TON Toncoin|TRB Tellor|TRUMP Official Trump|TRX TRON|TURBO Turbo|UNI Uniswap|VET VeChain|VIRTUAL Virtuals Protocol|W Wormhole|
WIF dogwifhat|WLD Worldcoin|WOO WOO|XAUT Tether Gold|XLM Stellar|XMR Monero|XRP XRP Ripple|XTZ Tezos|YFI yearn.finance|
ZEC Zcash|ZEN Horizen|ZIL Zilliqa|ZK ZKsync|ZRO LayerZero|ZRX 0x`
    .replace(/\n/g, "")
    .split("|")
    .map((one) => [one.slice(0, one.indexOf(" ")), one.slice(one.indexOf(" ") + 1)]),
);

/** Return the asset of a symbol without its multiplier: "PEPE" of "1000PEPEUSDT", "SHIB" of "SHIB1000USDT". */
export function assetOf(symbol: string): string {
  const base = symbol.replace(/USDT$/, "");
  const [, prefixed] = /^(?:10{3,}(?=\D)|1M(?=..))(.+)$/.exec(base) ?? [];
  const [, suffixed] = /^(.*\D)10{3,}$/.exec(base) ?? [];
  return prefixed ?? suffixed ?? base;
}

/** Return the full name of a symbol's asset, such as "Bitcoin". Return undefined when it is not known here. */
export const assetName = (symbol: string): string | undefined => NAMES[assetOf(symbol)];
