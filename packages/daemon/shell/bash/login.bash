# Read by a login bash that was started with --posix, through $ENV: then bash reads no other start-up file, is a
# login shell all the same, and this file can read the usual ones before the integration is loaded. First it takes
# back what --posix and the start have changed, so that those files find the shell as they always do.
builtin set +o posix
builtin shopt -u inherit_errexit 2>/dev/null
if [[ -n ${TRITERM_USER_ENV+set} ]]; then
  builtin export ENV=$TRITERM_USER_ENV
else
  builtin unset ENV
fi
if [[ -z ${TRITERM_USER_HISTFILE+set} ]]; then
  HISTFILE=~/.bash_history
fi
builtin unset TRITERM_USER_ENV TRITERM_USER_HISTFILE
__triterm_deferred=1
builtin source "$TRITERM_SHELL_INTEGRATION/bash/integration.bash"
if [[ -r /etc/profile && ! -d /etc/profile ]]; then
  builtin source /etc/profile
fi
if [[ -r ~/.bash_profile && ! -d ~/.bash_profile ]]; then
  builtin source ~/.bash_profile
elif [[ -r ~/.bash_login && ! -d ~/.bash_login ]]; then
  builtin source ~/.bash_login
elif [[ -r ~/.profile && ! -d ~/.profile ]]; then
  builtin source ~/.profile
fi
builtin unset __triterm_deferred
__triterm_install "$(builtin trap -p DEBUG)"
