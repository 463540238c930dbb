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
    __triterm_order
    # Where the prompt commands are one string, the next one must find the status of the command.
    [[ -z $__triterm_string_mode ]] || return "$status"
  } 2>/dev/null >/dev/tty
}

# Last of all prompt commands, when the others have made their PS1.
__triterm_prompt_end() {
  {
    local status=$? line
    if [[ -n $__triterm_running ]]; then
      # The command itself has replaced PROMPT_COMMAND, and the first hook with it.
      __triterm_running=
      [[ -z $__triterm_string_mode ]] || status=
      builtin printf '\e]133;D%s\a' "${status:+;$status}"
    fi
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
    [[ -z $__triterm_string_mode ]] || return "${status:-0}"
  } 2>/dev/null >/dev/tty
}

# Puts the marks around PS1, and the one for the start of a command into PS0. They are taken out first wherever
# they stand: a virtual environment, for one, writes in front of the PS1 that it finds.
__triterm_mark_prompt() {
  local prompt=${PS1-}
  if [[ -n $__triterm_not_last && $__triterm_ps1_kept -eq 0 ]]; then
    builtin printf '\e]133;A\a\e]133;B\a'
  elif [[ $prompt != "$__triterm_ps1" ]]; then
    # Where other prompt commands come after this one, they may make PS1 anew; until it was seen to stay, the marks
    # are written right away too.
    [[ -z $__triterm_not_last || $__triterm_ps1_kept -eq 1 ]] || builtin printf '\e]133;A\a\e]133;B\a'
    prompt=${prompt//"$__triterm_a"/}
    PS1=$__triterm_a${prompt//"$__triterm_b"/}$__triterm_b
    __triterm_ps1=$PS1
  fi
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

# For bash before 4.4, which has no PS0: the DEBUG trap of the first command after the prompt, or bash-preexec.
__triterm_debug() {
  [[ -n ${COMP_LINE-} || -z $__triterm_at_prompt ]] && return 0
  __triterm_at_prompt=
  [[ $1 == __triterm_prompt_begin ]] || __triterm_preexec "$1"
  return 0
}
__triterm_preexec() {
  {
    __triterm_running=1
    __triterm_ps1_kept=$(((__triterm_ps1_kept > 0) * (${#PS1} == ${#__triterm_ps1})))
    __triterm_encode "${1:0:2048}"
    builtin printf '\e]133;C;cmdline_url=%s\a' "$__triterm_url"
  } 2>/dev/null >/dev/tty
}

# Keeps the two hooks in their places among the prompt commands, whatever others add.
__triterm_order() {
  local command
  if [[ -n $__triterm_bash_preexec ]]; then
    # Its functions are called in turn by its own prompt command, the first one.
    [[ ${precmd_functions[0]-} != __triterm_prompt_begin || ${precmd_functions[*]: -1} != __triterm_prompt_end ]] || return 0
    local -a others=()
    for command in "${precmd_functions[@]}"; do
      case $command in
        __triterm_prompt_begin | __triterm_prompt_end) ;;
        *) others+=("$command") ;;
      esac
    done
    precmd_functions=(__triterm_prompt_begin ${others[@]+"${others[@]}"} __triterm_prompt_end)
  elif [[ -n $__triterm_string_mode ]]; then
    command=${PROMPT_COMMAND-}
    command=${command//__triterm_prompt_begin$'\n'/}
    command=${command//$'\n'__triterm_prompt_end/}
    command=${command//__triterm_prompt_begin/:}
    command=${command//__triterm_prompt_end/:}
    if [[ -n $__triterm_not_last ]]; then
      PROMPT_COMMAND=__triterm_prompt_begin$'\n'__triterm_prompt_end$'\n'${command:-:}
    else
      PROMPT_COMMAND=__triterm_prompt_begin$'\n'${command:-:}$'\n'__triterm_prompt_end
    fi
  else
    [[ ${PROMPT_COMMAND[0]-} != __triterm_prompt_begin || -n $__triterm_not_last || ${PROMPT_COMMAND[*]: -1} != __triterm_prompt_end ]] || return 0
    [[ ${PROMPT_COMMAND[0]-} != __triterm_prompt_begin || -z $__triterm_not_last || ${PROMPT_COMMAND[1]-} != __triterm_prompt_end ]] || return 0
    local -a ordered=(__triterm_prompt_begin)
    [[ -z $__triterm_not_last ]] || ordered+=(__triterm_prompt_end)
    local replaced=
    # The user's string stands behind the first hook; who assigns another one means to replace it.
    [[ ${PROMPT_COMMAND[0]-} == *__triterm_prompt_begin* ]] || replaced=$__triterm_moved
    __triterm_moved=
    for command in "${PROMPT_COMMAND[@]}"; do
      case $command in
        '' | : | __triterm_prompt_begin | __triterm_prompt_end) ;;
        *)
          if [[ $command == "$replaced" ]]; then
            replaced=
            continue
          fi
          command=${command//__triterm_prompt_begin/:}
          command=${command//__triterm_prompt_end/:}
          [[ -n $__triterm_moved ]] || __triterm_moved=$command
          ordered+=("$command")
          ;;
      esac
    done
    [[ -n $__triterm_not_last ]] || ordered+=(__triterm_prompt_end)
    # bash walks through the elements while this runs: they may get other values, but none may go.
    local -i index last=${#PROMPT_COMMAND[@]}
    for ((index = 0; index < ${#ordered[@]} || index < last; index++)); do
      PROMPT_COMMAND[index]=${ordered[index]-:}
    done
  fi
}

# After the user's files, with what `trap -p DEBUG` says there (a function does not see it).
__triterm_install() {
  local version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
  __triterm_string_mode=
  __triterm_has_ps0=
  __triterm_not_last=
  __triterm_bash_preexec=
  __triterm_at_prompt=
  __triterm_moved=
  __triterm_ps0_plain=$'\e]133;C\a'
  # Whether PS1 is at the start of a command what the last hook has made it: 2 not known yet, 1 yes, 0 made anew after it.
  # Its length tells, since the marks are a part of it.
  __triterm_ps1_kept=2
  # The substring of no length is there for its arithmetic: assignments without a process.
  __triterm_ps0_expanding='$(__triterm_command_mark)${__triterm_loaded:$((__triterm_running=1,__triterm_ps1_kept=(__triterm_ps1_kept>0)*(${#PS1}==${#__triterm_ps1}))):0}'
  [[ $version -ge 501 ]] || __triterm_string_mode=1
  if [[ $version -ge 404 ]]; then
    __triterm_has_ps0=1
  elif [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
    preexec_functions+=(__triterm_preexec)
  elif [[ -z $1 ]]; then
    builtin trap '__triterm_debug "$BASH_COMMAND"' DEBUG
  fi
  if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
    # It rewrites PROMPT_COMMAND at the first prompt, and takes what comes after its own part for a command that was typed.
    __triterm_bash_preexec=1
    __triterm_string_mode=
    __triterm_not_last=1
    precmd_functions+=(__triterm_prompt_end)
  elif [[ -n $1 ]]; then
    # Some DEBUG traps of users take the command after the last of their own prompt commands for the one that was
    # typed (to time it, say).
    __triterm_not_last=1
  fi
  # What names these functions must not reach another shell. An array is never exported.
  if [[ -z $__triterm_bash_preexec$__triterm_string_mode ]]; then
    PROMPT_COMMAND=("${PROMPT_COMMAND[@]}")
  else
    builtin export -n PROMPT_COMMAND
  fi
  builtin export -n PS0
  __triterm_order
}

if [[ -z ${__triterm_deferred-} ]]; then
  __triterm_install "$(builtin trap -p DEBUG)"
fi
fi
