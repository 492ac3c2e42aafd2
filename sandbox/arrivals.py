"""Mail that keeps arriving while the sandbox runs: new matters and answers to old ones."""

import threading

from sandbox.cloud import Cloud
from sandbox.directory import Mailbox
from sandbox.scenario import arrival_of
from sandbox.wire import Json


class Arrivals:
    """Drop one mail every so many seconds, in turn into each mailbox that has a demo source."""

    def __init__(self, cloud: Cloud, document: Json, *, every_s: float) -> None:
        self.cloud = cloud
        self.every_s = every_s
        self.sources = list(_sources(cloud, document))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)

    def start(self) -> None:
        if self.sources:
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.every_s):
            self.drop()

    def drop(self) -> None:
        """Let one mail arrive now; which one depends only on how many arrived before."""
        from sandbox.demo.pool import next_arrival

        with self.cloud.database.transaction():
            count = self._take_number()
            mailbox, name = self.sources[count % len(self.sources)]
            inbox = self.cloud.folders.well_known(mailbox, "inbox")
            if inbox:
                mime = next_arrival(name, count // len(self.sources), self.cloud.clock.now())
                self.cloud.messages.add(inbox, arrival_of(self.cloud, mime))

    def _take_number(self) -> int:
        row = self.cloud.database.one("SELECT document FROM record WHERE kind = 'arrivals' AND key = 'count'")
        count = int(row[0]) if row else 0
        self.cloud.database.run(
            "INSERT OR REPLACE INTO record VALUES ('arrivals', 'count', ?)", str(count + 1)
        )
        return count


def _sources(cloud: Cloud, document: Json) -> list[tuple[Mailbox, str]]:
    found: list[tuple[Mailbox, str]] = []
    for tenant in document.get("tenants", []):
        for row in tenant.get("mailboxes", []):
            mailbox = cloud.directory.mailbox(tenant["directory_id"], row["address"])
            names = [source["demo"] for source in row.get("mail", []) if "demo" in source]
            if mailbox and mailbox.is_served:
                found += [(mailbox, name) for name in names]
    return found
