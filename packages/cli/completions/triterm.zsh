#compdef triterm
# Completion of triterm for zsh. `triterm completion zsh` prints it.
_triterm() {
  local -a lines suggestions
  local kind line word
  lines=("${(@f)$(triterm __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[1]
  shift lines
  case $kind in
    words|nospace)
      for line in $lines; do
        word=${line%%$'\t'*}
        suggestions+=("${word//:/\\:}${line#$word}")
      done
      # _describe wants a colon between a word and its description.
      suggestions=("${(@)suggestions/$'\t'/:}")
      if [[ $kind == nospace ]]; then
        _describe triterm suggestions -S ''
      else
        _describe triterm suggestions
      fi
      ;;
    directories)
      [[ -n $lines[1] ]] && compset -P '*='
      _files -/
      ;;
    files)
      [[ -n $lines[1] ]] && compset -P '*='
      _files
      ;;
    command)
      (( CURRENT -= $lines[1] + 1 ))
      shift $(( $lines[1] + 1 )) words
      _normal
      ;;
    *) return 1 ;;
  esac
}
if [[ ${funcstack[1]} == _triterm ]]; then
  _triterm "$@"
else
  compdef _triterm triterm
fi
