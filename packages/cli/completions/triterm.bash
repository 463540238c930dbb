# Completion of triterm for bash. `triterm completion bash` prints it.
_triterm() {
  local breaks=$COMP_WORDBREAKS kind word at
  # Within quotation marks bash breaks no words.
  [[ ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]] && breaks=
  COMPREPLY=()
  {
    IFS= read -r kind || return 0
    while IFS= read -r word; do COMPREPLY+=("$word"); done
  } < <(triterm __complete bash "$breaks" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case $kind in
    nospace) compopt -o nospace ;;
    directories) compopt -o dirnames ;;
    files) compopt -o default ;;
    command)
      for ((at = 1; at < COMP_CWORD; at++)); do [[ ${COMP_WORDS[at]} == -- ]] && break; done
      if declare -F _command_offset >/dev/null; then
        _command_offset $((at + 1))
      elif ((COMP_CWORD == at + 1)); then
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
      else
        compopt -o default
      fi
      ;;
  esac
}
complete -F _triterm triterm
