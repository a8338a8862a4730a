# Completion of shoal for zsh: eval "$(shoal completions zsh)"
_shoal() {
    local -a lines
    lines=("${(@f)$("${words[1]}" complete-words -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    local names=("${(@)lines:#(:files|)}")
    (( ${#names} )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' -a names
    (( ${lines[(Ie):files]} )) && _files
    return 0
}
compdef _shoal shoal
