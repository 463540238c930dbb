#!/bin/sh
# Holds the container. The daemon may be killed and restarted meanwhile: its sessions are in their hosts, and the next one finds them.
set -e
trap 'triterm daemon stop; exit 0' TERM INT
triterm daemon start
triterm daemon logs --follow &
wait
