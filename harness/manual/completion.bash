# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of halfopen for bash. The words come from halfopen --complete.

_halfopen() {
	local line value last words=()

	# Bash splits at "=", which is part of a word: --format=ktap.
	for value in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		if [[ ${#words[@]} -gt 0 &&
			($value == = || ${words[-1]} == --*=) ]]; then
			words[-1]+=$value
		else
			words+=("$value")
		fi
	done
	last=${words[-1]}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
			:files) compopt -o default ;;
			:folders) compopt -o dirnames ;;
			*)
				value=${line%%$'\t'*}
				[[ $value != *= ]] || compopt -o nospace
				[[ $last != --*=* ]] || value=${value#*=}
				COMPREPLY+=("$value")
				;;
		esac
	done < <("${COMP_WORDS[0]/#\~/$HOME}" --complete "${words[@]}" 2>/dev/null)
}

complete -F _halfopen halfopen
