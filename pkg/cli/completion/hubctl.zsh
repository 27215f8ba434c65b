#compdef hubctl
# Completion of hubctl for zsh: source <(hubctl completion zsh)

_hubctl() {
	local command= flags= arguments=none all='@commands@' word
	local -i i first
	for ((i = 2; i < CURRENT; i++)); do
		word=${words[i]}
		if [[ $word == -- ]]; then # what follows is the program's
			_files
			return
		fi
		if [[ -z $command && $word != -* ]]; then
			command=$word
			first=i+1
		fi
	done
	case $command in
	@cases@
	esac
	if [[ -z $command ]]; then
		compadd -- ${(f)all}
	elif [[ $PREFIX == -* ]]; then
		compadd -- ${(f)flags}
	elif [[ $arguments == signal* && $CURRENT -eq $first ]]; then
		compadd -- SIGHUP SIGINT SIGQUIT SIGUSR1 SIGUSR2 SIGTERM SIGKILL SIGCONT SIGSTOP
	elif [[ $arguments == shell ]]; then
		compadd -- bash zsh fish
	else
		if [[ $arguments == *target* ]]; then
			compadd -- ${(f)"$(hubctl __targets 2>/dev/null)"}
		fi
		if [[ $arguments == *file* ]]; then
			_files
		fi
	fi
}
# As a file of $fpath this is the body of _hubctl, when it is called first.
if [[ ${funcstack[1]} == _hubctl ]]; then
	_hubctl
else
	compdef _hubctl hubctl
fi
