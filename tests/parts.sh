#!/usr/bin/env bash
# The Debian packages of the tests' real parts: installed when that is allowed, else named.
# The tests start them on ports and folders of their own, never the system's services.
set -euo pipefail
declare -A part=(
  [chromium]=chromium [minisign]=minisign [snmpd]=snmpd [snmpget]=snmp [curl]=curl [wget]=wget
  [nginx]=nginx-light [strace]=strace [pg_ctl]=postgresql
  [softhsm2-util]=softhsm2 [pkcs11-tool]=opensc
  [sipp]=sip-tester [sshd]=openssh-server [redis-server]=redis-server [rabbitmqctl]=rabbitmq-server [testssl]=testssl.sh [sqlmap]=sqlmap [dovecot]=dovecot-imapd [tftp]=tftp-hpa [atftp]=atftp [promtool]=prometheus
)
missing=()
export PATH="$PATH:/usr/sbin:/sbin:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)"
for program in "${!part[@]}"; do
  command -v "$program" >/dev/null 2>&1 || missing+=("${part[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
become=""
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then become="sudo -n"; else become=no; fi
fi
if [ "$become" = no ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests that need these Debian packages will be skipped: ${missing[*]}" >&2
  echo "To run them: apt-get install ${missing[*]}" >&2
  exit 0
fi
echo "Installing the tests' real parts: ${missing[*]}"
# A policy file keeps the packages from starting system services that no test uses.
export DEBIAN_FRONTEND=noninteractive
$become apt-get update -qq
$become apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-dejavu-core >/dev/null
