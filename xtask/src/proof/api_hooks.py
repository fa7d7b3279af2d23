"""What schemathesis does not know by itself: a body of remote write is sent as it is made up, be it Protobuf or not."""

import schemathesis


@schemathesis.serializer("application/x-protobuf")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()
