"""What a knob may be set to. Beyond it a limit would be none, or the work would stand still or fail in the middle."""

from typing import Any, Final

#: The least and the most of each number; of a list, of each one in it.
NUMBERS: Final = {
    "HEARTBEAT_LIMIT_S": (1, 3_600),
    "FULL_INBOX_MAILS": (1, 10_000_000),
    "LOGIN_TRIES": (1, 100),
    "LOGIN_TRIES_PER_ACCOUNT": (1, 1_000),
    "LOGIN_TRIES_PER_ADDRESS": (1, 10_000),
    "LOGIN_LOCKOUT_MINUTES": (1, 10_080),
    "SESSION_IDLE_S": (60, 604_800),
    "SESSION_LONGEST_S": (60, 2_592_000),
    "PROOF_S": (60, 604_800),
    "HSTS_S": (0, 63_072_000),
    "SYNC_INTERVAL_S": (1, 86_400),
    "SYNC_LEASE_S": (1, 3_600),
    "COMPARE_EVERY_H": (1, 8_760),
    "COMPARE_AT_ONCE": (1, 10_000),
    "FILING_BATCH": (1, 1_000),
    "DELTA_PAGE_SIZE": (1, 1_000),
    "MAX_RAW_BYTES": (1_024, 1_073_741_824),
    "FILING_TRIES": (1, 100),
    "FETCH_TRIES": (1, 100),
    "RETRY_DELAYS_S": (0, 604_800),
    "GRAPH_DEADLINE_S": (1, 600),
    "SEND_PER_MINUTE": (1, 10_000_000),
    "SEND_UNDO_S": (0, 3_600),
    "WEB_PROCESSES": (1, 64),
    "WEB_THREADS": (1, 256),
    "WORKERS": (1, 1_000),
    "WORKER_MAX_TASKS": (1, 1_000_000),
    "WORKER_MAX_MEMORY_KIB": (50_000, 100_000_000),
}
WORDS: Final = {
    "LANGUAGE_CODE": ("en", "de"),
    "STAFF_SIGN_IN_CLOUD": ("global", "us_gov_high", "us_gov_dod", "china", "custom"),
    "LOG_LEVEL": ("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOG_STYLE": ("text", "json"),
}


def what_it_must_be(knob: str, value: Any) -> str:
    """Say what a knob must be, "" when it is that."""
    if knob in NUMBERS:
        least, most = NUMBERS[knob]
        numbers = value if isinstance(value, list) else [value]
        if not numbers or min(numbers) < least or max(numbers) > most:
            return f"{least} to {most}"
    if knob in WORDS and value not in WORDS[knob]:
        return f"one of {', '.join(WORDS[knob])}"
    return ""
