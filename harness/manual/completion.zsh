#compdef halfopen
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of halfopen for zsh. The words come from halfopen --complete.

local line value what
local -a items open

for line in ${(f)"$(${(Q)words[1]/#\~/$HOME} --complete \
    "${(@Q)words[2,CURRENT]}" 2>/dev/null)"}; do
    case $line in
        :files) _files ;;
        :folders) _files -/ ;;
        *)
            value=${line%%$'\t'*} what=${line#*$'\t'}
            # A key waits for its value.
            if [[ $value == *= ]]; then
                open+=("${value//:/\\:}:$what")
            else
                items+=("${value//:/\\:}${what:+:$what}")
            fi
            ;;
    esac
done
_describe halfopen items
_describe halfopen open -S ''
