# Completion of hubctl for bash: source <(hubctl completion bash)

_hubctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} command= flags= arguments=none words= word i first
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) # what follows is the program's
			compopt -o default
			return
			;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			first=$((i + 1))
			break
			;;
		esac
	done
	for ((; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			compopt -o default
			return
		fi
	done
	case $command in
	'')
		words='@commands@'
		;;
	@cases@
	esac
	if [[ $command && $cur == -* ]]; then
		words=$flags
	elif [[ $arguments == signal* && $COMP_CWORD -eq $first ]]; then
		words=$'SIGHUP\nSIGINT\nSIGQUIT\nSIGUSR1\nSIGUSR2\nSIGTERM\nSIGKILL\nSIGCONT\nSIGSTOP'
	elif [[ $arguments == shell ]]; then
		words=$'bash\nzsh\nfish'
	elif [[ $arguments == *target* ]]; then
		words=$(hubctl __targets 2>/dev/null)
	fi
	while IFS= read -r word; do
		if [[ $word && $word == "$cur"* ]]; then
			COMPREPLY+=("$(printf %q "$word")")
		fi
	done <<<"$words"
	if [[ $arguments == *file* ]]; then
		compopt -o default # files, where no name matches
	fi
}
complete -F _hubctl hubctl
