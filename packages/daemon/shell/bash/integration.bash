# triterm shell integration for bash 3.2 and later. It tells the terminal the working directory (OSC 7), where a
# prompt begins and ends, where a command's output begins and ends and with which status (OSC 133), and takes over
# the environment of the client that attached last. docs/shell-integration.md describes it.
#
# triterm loads it by itself. In a shell started by hand inside a session, source it at the end of ~/.bashrc:
#   [[ -r ${TRITERM_SHELL_INTEGRATION-}/bash/integration.bash ]] && . "$TRITERM_SHELL_INTEGRATION/bash/integration.bash"
#
# The functions are defined before the user's files are read, so that no alias of theirs is expanded in them.

if [[ $- == *i* && -z ${__triterm_loaded-} ]]; then
__triterm_loaded=1
__triterm_running=
__triterm_pwd=
__triterm_pwd_url=
__triterm_ps1=
__triterm_history_number=
__triterm_a='\['$'\e]133;A\a''\]'
__triterm_b='\['$'\e]133;B\a''\]'
__triterm_environment_file=${TRITERM_ENVIRONMENT_FILE-}
__triterm_environment_stamp=${TRITERM_ENVIRONMENT_STAMP-}
__triterm_debug_trap=
builtin unset TRITERM_ENVIRONMENT_STAMP

# Percent-encodes the bytes of $1 into __triterm_url; runs of harmless characters are copied whole.
__triterm_encode() {
  local LC_ALL=C rest=$1 run
  __triterm_url=
  while [[ -n $rest ]]; do
    run=${rest%%[!A-Za-z0-9/._~-]*}
    __triterm_url+=$run
    rest=${rest:${#run}}
    if [[ -n $rest ]]; then
      builtin printf -v run '%d' "'${rest:0:1}"
      builtin printf -v run '%%%02X' "$((run & 255))"
      __triterm_url+=$run
      rest=${rest:1}
    fi
  done
}

# First of all prompt commands: the end of the command's output.
__triterm_prompt_begin() {
  {
    local status=$?
    if [[ -n $__triterm_running ]]; then
      __triterm_running=
      builtin printf '\e]133;D;%s\a' "$status"
    fi
    # Where the prompt commands are one string, the next one must find the status of the command.
    [[ -z $__triterm_string_mode ]] || return "$status"
  } 2>/dev/null >/dev/tty
}

# Last of all prompt commands, when the others have made their PS1.
__triterm_prompt_end() {
  {
    local status=$? line
    if [[ $PWD != "$__triterm_pwd" ]]; then
      __triterm_encode "$PWD"
      __triterm_pwd=$PWD
      __triterm_pwd_url=$__triterm_url
    fi
    builtin printf '\e]7;file://%s%s\a' "${HOSTNAME-}" "$__triterm_pwd_url"
    # The first line of the file names its content, so this costs one small read and no process.
    if [[ -n $__triterm_environment_file && -r $__triterm_environment_file ]]; then
      IFS= builtin read -r line <"$__triterm_environment_file"
      if [[ $line != "$__triterm_environment_stamp" ]]; then
        __triterm_environment_stamp=$line
        builtin source "$__triterm_environment_file"
      fi
    fi
    __triterm_mark_prompt
    __triterm_order
    [[ -z $__triterm_string_mode ]] || return "$status"
  } 2>/dev/null >/dev/tty
}

# Puts the marks around PS1, and the one for the start of a command into PS0. They are taken out first wherever
# they stand: a virtual environment, for one, writes in front of the PS1 that it finds.
__triterm_mark_prompt() {
  local prompt=${PS1-}
  if [[ $prompt != "$__triterm_ps1" ]]; then
    if [[ -n $__triterm_early && -n $__triterm_ps1 ]]; then
      # Another prompt command makes PS1 anew after this one, so marks in it would be lost.
      __triterm_direct_marks=1
    fi
    prompt=${prompt//"$__triterm_a"/}
    prompt=${prompt//"$__triterm_b"/}
    if [[ -z $__triterm_direct_marks ]]; then
      prompt=$__triterm_a$prompt$__triterm_b
    fi
    PS1=$prompt
    __triterm_ps1=$prompt
  fi
  [[ -n $__triterm_direct_marks ]] && builtin printf '\e]133;A\a\e]133;B\a'
  if [[ -n $__triterm_has_ps0 ]]; then
    prompt=${PS0-}
    prompt=${prompt//"$__triterm_ps0_expanding"/}
    prompt=${prompt//"$__triterm_ps0_plain"/}
    if builtin shopt -q promptvars; then
      PS0=$prompt$__triterm_ps0_expanding
      # The number that the next command will have, if it is kept.
      __triterm_history_number=$HISTCMD
    else
      PS0=$prompt$__triterm_ps0_plain
      __triterm_running=1
    fi
  else
    __triterm_at_prompt=1
  fi
}

# Runs in PS0's command substitution: prints the mark for the start of a command, with the command when the history
# tells it. A command that was kept out of the history leaves the one before it there, which must not be told.
__triterm_command_mark() {
  {
    local entry number line
    entry=$(HISTTIMEFORMAT= builtin history 1)
    entry=${entry#"${entry%%[! ]*}"}
    number=${entry%%[!0-9]*}
    line=${entry:$((${#number} + 2))}
    if [[ $number != "$__triterm_history_number" ]]; then
      case :${HISTCONTROL-}: in
        *:ignoreboth:* | *:ignorespace:*) line= ;;
        *:ignoredups:* | *:erasedups:*) [[ -z ${HISTIGNORE-} ]] || line= ;;
        *) line= ;;
      esac
    fi
    __triterm_encode "${line:0:2048}"
    builtin printf '\e]133;C%s\a' "${__triterm_url:+;cmdline_url=$__triterm_url}"
  } 2>/dev/null
}

# For bash before 4.4, which has no PS0: the DEBUG trap of the first command after the prompt.
__triterm_debug() {
  [[ -n ${COMP_LINE-} || -z $__triterm_at_prompt ]] && return 0
  __triterm_at_prompt=
  [[ $1 == __triterm_prompt_begin ]] && return 0
  __triterm_running=1
  {
    __triterm_encode "${1:0:2048}"
    builtin printf '\e]133;C;cmdline_url=%s\a' "$__triterm_url"
  } 2>/dev/null >/dev/tty
  return 0
}

# Keeps the two hooks at the ends of PROMPT_COMMAND, whatever others add. bash-preexec's last hook stays last: the
# next command that its DEBUG trap sees is the user's.
__triterm_order() {
  local command rest
  if [[ -n $__triterm_string_mode ]]; then
    rest=${PROMPT_COMMAND-}
    rest=${rest//__triterm_prompt_begin$'\n'/}
    rest=${rest//$'\n'__triterm_prompt_end/}
    rest=${rest//__triterm_prompt_begin/:}
    rest=${rest//__triterm_prompt_end/:}
    if [[ -n $__triterm_early ]]; then
      PROMPT_COMMAND=__triterm_prompt_begin$'\n'__triterm_prompt_end${rest:+$'\n'$rest}
    elif [[ $rest == *$'\n'__bp_interactive_mode ]]; then
      PROMPT_COMMAND=__triterm_prompt_begin$'\n'${rest%$'\n'*}$'\n'__triterm_prompt_end$'\n'__bp_interactive_mode
    else
      PROMPT_COMMAND=__triterm_prompt_begin$'\n'${rest:-:}$'\n'__triterm_prompt_end
    fi
    return 0
  fi
  local -a before=() after=(__triterm_prompt_end)
  for command in "${PROMPT_COMMAND[@]}"; do
    case $command in
      '' | __triterm_prompt_begin | __triterm_prompt_end) ;;
      __bp_interactive_mode) after+=(__bp_interactive_mode) ;;
      *)
        command=${command//__triterm_prompt_begin/:}
        before+=("${command//__triterm_prompt_end/:}")
        ;;
    esac
  done
  if [[ -n $__triterm_early ]]; then
    PROMPT_COMMAND=(__triterm_prompt_begin __triterm_prompt_end "${before[@]}")
  else
    PROMPT_COMMAND=(__triterm_prompt_begin "${before[@]}" "${after[@]}")
  fi
}

# After the user's files. Only the last hook is put in place; it adds the first one at the first prompt, when
# frameworks that rewrite PROMPT_COMMAND late have done so.
__triterm_install() {
  local version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
  __triterm_string_mode=
  __triterm_has_ps0=
  __triterm_early=
  __triterm_direct_marks=
  __triterm_at_prompt=
  __triterm_ps0_plain=$'\e]133;C\a'
  # The substring of no length is there for its arithmetic: an assignment without a process.
  __triterm_ps0_expanding='$(__triterm_command_mark)${__triterm_loaded:$((__triterm_running=1)):0}'
  [[ $version -ge 501 ]] || __triterm_string_mode=1
  if [[ $version -ge 404 ]]; then
    __triterm_has_ps0=1
  elif [[ -z $__triterm_debug_trap ]]; then
    builtin trap '__triterm_debug "$BASH_COMMAND"' DEBUG
  fi
  # A DEBUG trap of the user's may take the command after the last of its own prompt commands for the one that was
  # typed (to time it, say); then the hooks run before them.
  if [[ -n $__triterm_debug_trap && -z ${bash_preexec_imported-}${__bp_imported-} ]]; then
    __triterm_early=1
  fi
  if [[ -n $__triterm_early ]]; then
    __triterm_order
  elif [[ -n $__triterm_string_mode ]]; then
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__triterm_prompt_end
  else
    PROMPT_COMMAND=("${PROMPT_COMMAND[@]}" __triterm_prompt_end)
  fi
}

if [[ -z ${__triterm_deferred-} ]]; then
  __triterm_debug_trap=$(builtin trap -p DEBUG)
  __triterm_install
fi
fi
