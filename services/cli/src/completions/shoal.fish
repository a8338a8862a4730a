# Completion of shoal for fish: shoal completions fish > ~/.config/fish/completions/shoal.fish
function __shoal_words
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete-words -- $words 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c shoal -f -a "(__shoal_words)"
