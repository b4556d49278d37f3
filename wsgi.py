"""The two WSGI callables for servers: `app` (people and staff) and `phones`."""

import atexit

from firmware.copying import Copying
from firmware.downloads import watch
from portal import health, heap, logs, settings
from portal.app import PAGES, Plane, create_app
from portal.installing import open_installation
from provision.folding import Folding
from provision.phone_fetches import phone_plane
from support.packages.own import packages_of

_heap = heap.Heap(heap.glibc())
_heap.start()
atexit.register(_heap.stop)

_settings = settings.load()
logs.configure(_settings.log_file)
_installation = open_installation(_settings)
packages_of(_installation)

app = create_app(_installation, _settings, PAGES)
phones = create_app(_installation, _settings, {Plane.PHONES})

# Under an application server start-up is over once this module is imported.
health.started(app).set()
health.started(phones).set()

for _served in (app, phones):
    _counter = watch.counter_of(_served)
    _counter.start(_installation.database)
    atexit.register(_counter.stop)

_keeper = phone_plane.keeper_of(phones)
_keeper.start()
phone_plane.door_of(phones).remember()
atexit.register(_keeper.stop)

_folding = Folding(_installation)
_folding.start()
atexit.register(_folding.stop)

_copying = Copying(_installation)
_copying.start()
atexit.register(_copying.stop)
