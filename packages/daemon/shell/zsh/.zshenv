# zsh is started with ZDOTDIR set to this directory. Of its files only this one is ever read: it puts ZDOTDIR back
# first, so zsh finds the user's own .zprofile, .zshrc and .zlogin by itself, and then reads the user's .zshenv.
if [[ -n ${TRITERM_USER_ZDOTDIR+set} ]]; then
  'builtin' 'export' ZDOTDIR="$TRITERM_USER_ZDOTDIR"
else
  'builtin' 'unset' ZDOTDIR
fi
'builtin' 'unset' TRITERM_USER_ZDOTDIR
if [[ -o interactive && -r ${TRITERM_SHELL_INTEGRATION-}/zsh/integration.zsh ]]; then
  'builtin' 'source' "$TRITERM_SHELL_INTEGRATION/zsh/integration.zsh"
fi
if [[ -r ${ZDOTDIR-$HOME}/.zshenv && ! -d ${ZDOTDIR-$HOME}/.zshenv ]]; then
  'builtin' 'source' "${ZDOTDIR-$HOME}/.zshenv"
fi
