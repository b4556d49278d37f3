"""The process that serves TFTP, where the settings turn it on."""

import signal

from portal import logs
from portal.children import end_with_parent
from portal.installing import open_installation
from portal.settings import Settings
from provision.tftp import listening
from provision.tftp.options import TftpOptions
from provision.tftp.server import TftpServer
from storage.refusals import RefusedError


class TftpOffError(RefusedError):
    code = "tftp-off"
    ru = "TFTP выключен: задайте FLATPRO_TFTP=адрес:порт, например 10.20.0.5:69."
    en = "TFTP is off: set FLATPRO_TFTP=address:port, 10.20.0.5:69 for example."


def run(settings: Settings, *, as_child: bool = False) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code. A child ends with its parent."""
    options = settings.tftp_options
    if options.host is None:
        raise TftpOffError
    if as_child:
        end_with_parent()
    installation = open_installation(settings)
    logs.configure(settings.log_file)
    server = TftpServer(installation, options)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.run()
    return 0


def require_free(options: TftpOptions) -> None:
    """Raise NotListeningError now, where the address is taken or not ours to take."""
    if options.host is not None:
        for listener in listening.listen(options.host, options.port):
            listener.close()
