#!/bin/sh
# As the public image does: options and subcommands are Traefik's, anything else is a program.
set -e
if [ "${1#-}" != "$1" ] || traefik "$1" --help >/dev/null 2>&1; then
    set -- traefik "$@"
fi
exec "$@"
