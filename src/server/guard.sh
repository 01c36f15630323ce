#!/bin/sh
# Runs the given command for as long as standard input stays open. The kernel closes it when the
# process at its other end dies, by whatever signal, so the command never outlives its owner.
# SIGTERM goes on to the command. File descriptor 3 is the command's, which writes JSON lines to it;
# the first line there is its process id.
exec 4<&0 </dev/null
"$@" 4<&- &
child=$!
echo "{\"pid\":$child}" >&3
(
  cat <&4 >/dev/null
  kill -KILL "$child"
) 3>&- >/dev/null 2>&1 &
watcher=$!
exec 3>&- 4<&-
trap 'kill -TERM "$child"' TERM

# A trapped signal ends `wait` early; the command has ended only when its process is gone.
while :; do
  wait "$child"
  status=$?
  kill -0 "$child" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
exit "$status"
