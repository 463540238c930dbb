# Given to an interactive, non-login bash as its --rcfile: reads ~/.bashrc as bash itself would have done, then
# loads the integration. (Where bash has a system-wide bashrc compiled in, it has read that already.)
__triterm_deferred=1
builtin source "$TRITERM_SHELL_INTEGRATION/bash/integration.bash"
if [[ -r ~/.bashrc && ! -d ~/.bashrc ]]; then
  builtin source ~/.bashrc
fi
builtin unset __triterm_deferred
__triterm_install "$(builtin trap -p DEBUG)"
