"""Whether the other side of a connection has said something, without asking it."""

import select


def has_something_to_read(descriptor: int) -> bool:
    """Whether there are bytes, or the connection's end, to be read. A server that ends a connection says so on it, so
    on a connection where nothing was asked this means that it is over. Costs microseconds.
    """
    if hasattr(select, "poll"):  # not on Windows; select() alone refuses descriptors from 1024 on
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
