"""Blocking work off the event loop."""

import asyncio
import gc
import threading

from orchestrator.threads import off_loop


async def test_cancelled_work_is_waited_for_and_its_failure_is_no_noise() -> None:
    """Not a line of asyncio's about an exception that nobody took."""
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    began, go_on = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        go_on.wait(5)
        raise ValueError("too late")

    task = asyncio.create_task(off_loop(work))
    await asyncio.to_thread(began.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    await asyncio.wait({task})
    assert task.cancelled()
    del task
    gc.collect()
    assert heard == []
