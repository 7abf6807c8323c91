# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of halfopen for fish. The words come from halfopen --complete.

function __halfopen_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)

    for line in ($words[1] --complete $words[2..-1] $word 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $word
            case :folders
                __fish_complete_directories $word ''
            case '*'
                echo $line
        end
    end
end

complete -c halfopen -f -a '(__halfopen_complete)'
