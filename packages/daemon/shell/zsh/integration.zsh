# triterm shell integration for zsh 5.0 and later. It tells the terminal the working directory (OSC 7), where a prompt
# begins and ends, where a command's output begins and ends and with which status (OSC 133), and takes over the
# environment of the client that attached last. docs/shell-integration.md describes it.
#
# triterm loads it by itself. In a shell started by hand inside a session, source it at the end of ~/.zshrc:
#   [[ -r ${TRITERM_SHELL_INTEGRATION-}/zsh/integration.zsh ]] && . "$TRITERM_SHELL_INTEGRATION/zsh/integration.zsh"

if [[ -o interactive && -z ${__triterm_loaded-} ]]; then
'builtin' 'typeset' -g __triterm_loaded=1 __triterm_running= __triterm_pwd= __triterm_pwd_url= __triterm_url=
'builtin' 'typeset' -g __triterm_a=$'%{\e]133;A\a%}' __triterm_b=$'%{\e]133;B\a%}' __triterm_ps1=
'builtin' 'typeset' -g __triterm_d=$'%{\e]133;D;%?\a%}' __triterm_eol_unset=
'builtin' 'typeset' -g __triterm_environment_file="${TRITERM_ENVIRONMENT_FILE-}"
'builtin' 'typeset' -g __triterm_environment_stamp="${TRITERM_ENVIRONMENT_STAMP-}"
'builtin' 'unset' TRITERM_ENVIRONMENT_STAMP

# Percent-encodes the bytes of $1 into __triterm_url.
__triterm_encode() {
  'builtin' 'emulate' -L zsh
  'builtin' 'setopt' no_multibyte extended_glob
  'builtin' 'local' LC_ALL=C char match mbegin mend
  __triterm_url=${1//(#m)[^A-Za-z0-9\/._~-]/%${(l:2::0:)$(([##16]#MATCH))}}
}

# First of all precmd functions: the end of the command's output. As a rule the mark was written before it, with
# PROMPT_EOL_MARK.
__triterm_prompt_begin() {
  {
    'builtin' 'local' ret=$?
    if [[ -n $__triterm_running ]]; then
      __triterm_running=
      if [[ ${PROMPT_EOL_MARK-} == "$__triterm_d"* ]]; then
        [[ -o prompt_sp && -o prompt_cr ]] || 'builtin' 'printf' '\e]133;D;%s\a' $ret
        if [[ -n $__triterm_eol_unset ]]; then
          'builtin' 'unset' PROMPT_EOL_MARK
        else
          PROMPT_EOL_MARK=${PROMPT_EOL_MARK#"$__triterm_d"}
        fi
      else
        'builtin' 'printf' '\e]133;D;%s\a' $ret
      fi
    fi
  } 2>/dev/null >/dev/tty
}

# Last of all precmd functions, when the others have made their PS1.
__triterm_prompt_end() {
  {
    'builtin' 'emulate' -L zsh -o no_warn_create_global
    'builtin' 'local' line
    if [[ $PWD != $__triterm_pwd ]]; then
      __triterm_encode $PWD
      __triterm_pwd=$PWD
      __triterm_pwd_url=$__triterm_url
    fi
    'builtin' 'printf' '\e]7;file://%s%s\a' "$HOST" "$__triterm_pwd_url"
    # The first line of the file names its content, so this costs one small read and no process.
    if [[ -n $__triterm_environment_file && -r $__triterm_environment_file ]]; then
      IFS= 'builtin' 'read' -r line <$__triterm_environment_file
      if [[ $line != $__triterm_environment_stamp ]]; then
        __triterm_environment_stamp=$line
        'builtin' 'source' $__triterm_environment_file
      fi
    fi
    # Others may have put their hooks around these since; hooks that run now are not concerned.
    if [[ ${precmd_functions[1]} != __triterm_prompt_begin || ${precmd_functions[-1]} != __triterm_prompt_end ]]; then
      precmd_functions=(
        __triterm_prompt_begin ${precmd_functions:#__triterm_prompt_(begin|end)} __triterm_prompt_end
      )
    fi
  } 2>/dev/null >/dev/tty
  { __triterm_mark_prompt } 2>/dev/null >/dev/tty
}

# Puts the marks around PS1. They are taken out first wherever they stand: a virtual environment, for one, writes in
# front of the PS1 that it finds.
__triterm_mark_prompt() {
  if [[ -o prompt_percent ]]; then
    if [[ ${PS1-} != "$__triterm_ps1" ]]; then
      PS1=${${PS1-}//"$__triterm_a"/}
      PS1=$__triterm_a${PS1//"$__triterm_b"/}$__triterm_b
      __triterm_ps1=$PS1
    fi
  else
    'builtin' 'printf' '\e]133;A\a\e]133;B\a'
  fi
}

# Before a command runs. PROMPT_EOL_MARK is what zsh writes after output without a newline at its end, always padded
# to the width of the screen and before any precmd function: with the mark for the end of the command in front of it
# until then, that filling does not count as output.
__triterm_preexec() {
  {
    __triterm_running=1
    # Not where it is exported: the command must not see the mark.
    if [[ ${(t)PROMPT_EOL_MARK-} != *export* ]]; then
      __triterm_eol_unset=
      (( ${+PROMPT_EOL_MARK} )) || __triterm_eol_unset=1
      PROMPT_EOL_MARK=$__triterm_d${PROMPT_EOL_MARK-%B%S%#%s%b}
    fi
    __triterm_encode "${${1:-${3-}}[1,2048]}"
    'builtin' 'printf' '\e]133;C;cmdline_url=%s\a' "$__triterm_url"
  } 2>/dev/null >/dev/tty
}

# At the first prompt, after the user's files.
__triterm_install() {
  'builtin' 'typeset' -ga precmd_functions preexec_functions
  precmd_functions=(
    __triterm_prompt_begin
    ${precmd_functions:#(__triterm_install|__triterm_prompt_begin|__triterm_prompt_end)}
    __triterm_prompt_end
  )
  preexec_functions=(${preexec_functions:#__triterm_preexec} __triterm_preexec)
  'builtin' 'unfunction' __triterm_install
  __triterm_prompt_end
}

# A scheduled command runs right before the first prompt is drawn, after every precmd function, and no start-up file can
# replace it by assigning precmd_functions.
if ! 'builtin' 'zmodload' zsh/sched 2>/dev/null || ! 'builtin' 'sched' +0 __triterm_install 2>/dev/null; then
  'builtin' 'typeset' -ga precmd_functions
  precmd_functions+=(__triterm_install)
fi
fi
