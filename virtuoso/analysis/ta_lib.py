"""The functions of TA-Lib that the analysis uses, for arrays alone.

TA-Lib imports pandas and polars where they are installed, and then wraps each function for them. The imports take half a
second, and the wrapper is slower than many of the functions. So TA-Lib is imported as if neither were installed.
"""

from __future__ import annotations

import sys
from typing import Any

WRAPPED: dict[str, Any] = dict.fromkeys(("pandas", "polars"))

loaded = {name: sys.modules[name] for name in WRAPPED if name in sys.modules}
sys.modules.update(WRAPPED)  # None: an import raises ImportError
try:
    from talib import ADX, ATR, EMA, MACD, MINUS_DI, PLUS_DI, RSI
finally:
    for name in WRAPPED:
        del sys.modules[name]
    sys.modules.update(loaded)

__all__ = ["ADX", "ATR", "EMA", "MACD", "MINUS_DI", "PLUS_DI", "RSI"]
