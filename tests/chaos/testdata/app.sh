# The app in shell of the chaos test: LINES (0: until it is told to end) PAUSE.
trap 'told=1' INT
rest=${HUB_INSTANCE#*:}
uuid=${rest%:*}
generation=${rest##*:}
exec 9>>"$CHAOS_BOOKS/$uuid-$generation-$$"
echo "start $$ $HUB_INSTANCE $pm_id $name $NODE_APP_INSTANCE main short" >&9

lines=0
say() { # some lines in two pieces
	lines=$((lines + 1))
	if [ $((lines % 4)) = 0 ]; then
		printf '%s ' "$uuid-$generation-$$-out"
		sleep "$1"
		printf '%s .\n' $lines
	else
		printf '%s %s .\n' "$uuid-$generation-$$-out" $lines
	fi
	echo "out $lines" >&9
}

while [ -z "$told" ] && { [ "$1" = 0 ] || [ $lines -lt "$1" ]; }; do
	say "$2"
	sleep "$2"
done
say 0
say 0

case $((generation % 7)) in
3) echo 'end killed by SIGKILL' >&9; kill -KILL $$ ;;
5) echo 'end killed by SIGTERM' >&9; kill -TERM $$ ;;
esac
code=$((1 + generation * 37 % 113))
echo "end exited with code $code" >&9
exit $code
