"""A till's side of a ticket, written from proto/ alone: advice is welcome, the receipt is certain.

    python3 pos.py ADDRESS ITEM...

Needs grpcio and grpcio-tools: the classes are made from proto/ when this starts.
"""

import datetime
import pathlib
import queue
import random
import sys
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "proto"))
checkout, checkout_services = grpc.protos_and_services("caini/v1/checkout.proto")
ingest, ingest_services = grpc.protos_and_services("caini/v1/ingest.proto")

ADVISED_WITHIN_MS = 50
COMMITTED_WITHIN_S = 2
ATTEMPTS_MAX = 8
RETRIED = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)


def said(receipt, store_id, terminal_id):
    """What the till says for one ticket, message by message."""
    request = checkout.ScanSessionRequest
    yield request(
        open=request.Open(
            store_id=store_id, terminal_id=terminal_id, deadline_ms=ADVISED_WITHIN_MS
        )
    )
    for seq, line in enumerate(receipt.lines, start=1):
        yield request(
            scan=request.Scan(seq=seq, item_id=line.item_id, quantity=line.quantity)
        )
    yield request(
        tender=request.Tender(
            purchase_id=receipt.purchase_id, occurred_at=receipt.occurred_at
        )
    )


def sell_in_session(channel, receipt):
    """The result of the tender, or None when the session did not give one in time."""
    stub = checkout_services.CheckoutServiceStub(channel)
    outgoing = queue.SimpleQueue()
    for message in said(receipt, receipt.store_id, receipt.terminal_id):
        outgoing.put(message)
    # The stream stays open until the answer is here; None ends it.
    answers = stub.ScanSession(iter(outgoing.get, None), timeout=COMMITTED_WITHIN_S)
    try:
        for answer in answers:
            kind = answer.WhichOneof("event")
            if kind == "advice":
                for offer in answer.advice.items:
                    reason = offer.reason
                    print(
                        f"offer {offer.name or offer.item_id}: {reason.count} receipts"
                        f" hold it with {reason.item_name or reason.item_id}"
                    )
            elif kind == "committed":
                return answer.committed.result
    except grpc.RpcError as error:
        print(f"the session is gone ({error.code().name}); the till goes on")
    finally:
        outgoing.put(None)
    return None


def record(channel, receipt):
    """Sends the receipt by itself until it is answered. Sent twice, it counts once."""
    stub = ingest_services.IngestServiceStub(channel)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return stub.RecordPurchase(receipt, timeout=COMMITTED_WITHIN_S)
        except grpc.RpcError as error:
            if error.code() not in RETRIED or attempt == ATTEMPTS_MAX:
                raise
            time.sleep(0.1 * 2**attempt * (0.5 + random.random()))
    return None


def main(address, items):
    now = datetime.datetime.now().astimezone()
    receipt = ingest.Purchase(
        purchase_id=f"python-{now.timestamp():.6f}",
        occurred_at=now.isoformat(timespec="seconds"),
        store_id="S11",
        terminal_id="python-1",
        channel=ingest.CHANNEL_POS,
        lines=[ingest.PurchaseLine(item_id=item, quantity=1) for item in items],
    )
    with grpc.insecure_channel(address) as channel:
        result = sell_in_session(channel, receipt) or record(channel, receipt)
        print(ingest.IngestStatus.Name(result.status), result.watermark)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
