"""The phones' own listener: one thread watches all connections; a slow one costs no thread.

`request_head` and `request_body` read what was sent (pure); `connection` leads one connection from
its request to its answer; `listener` accepts, wakes and ends them; `views_pool` asks the WSGI app.
"""
