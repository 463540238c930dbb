# triterm shell integration for fish 3.1 and later. It tells the terminal the working directory (OSC 7), where a prompt
# begins and ends, where a command's output begins and ends and with which status (OSC 133), and takes over the
# environment of the client that attached last. docs/shell-integration.md describes it.
#
# triterm loads it by itself. In a shell started by hand inside a session, source it at the end of config.fish:
#   test -r "$TRITERM_SHELL_INTEGRATION/fish/integration.fish"; and source "$TRITERM_SHELL_INTEGRATION/fish/integration.fish"

if status is-interactive; and not set -q __triterm_loaded
    set -g __triterm_loaded 1
    set -g __triterm_environment_stamp "$TRITERM_ENVIRONMENT_STAMP"
    set -e TRITERM_ENVIRONMENT_STAMP
    # fish 4 tells the working directory by itself and, unless that is turned off, marks prompts and commands too; only the
    # end of the prompt is left to add.
    set -g __triterm_marks 1
    if string match -qr '^(?:[4-9]|\d\d+)\.' -- $version
        status test-feature mark-prompt 2>/dev/null
        test $status -ne 1; and set -g __triterm_marks 0
    end

    function __triterm_prompt_begin --on-event fish_prompt
        if set -q TRITERM_ENVIRONMENT_FILE
            set -l file (string replace -r '\.sh$' '.fish' -- $TRITERM_ENVIRONMENT_FILE)
            set -l line
            # The first line of the file names its content, so this costs one small read and no process.
            test -r $file; and read line <$file
            if test -n "$line" -a "$line" != "$__triterm_environment_stamp"
                set -g __triterm_environment_stamp $line
                source $file
            end
        end
        if not set -q __triterm_wrapped_prompt_ran
            __triterm_wrap_prompt
        end
        set -e __triterm_wrapped_prompt_ran
        if test $__triterm_marks = 1
            printf '\e]7;file://%s%s\a\e]133;A\a' $hostname (string escape --style=url -- $PWD)
        end
    end

    # Takes the present fish_prompt inside one that adds the mark for its end, to its last line. A prompt that was chosen
    # since is found by the wrapper not having run.
    function __triterm_wrap_prompt
        functions -q fish_prompt; or return
        functions -q __triterm_user_prompt; and functions -e __triterm_user_prompt
        functions -c fish_prompt __triterm_user_prompt
        function fish_prompt
            set -l lines (__triterm_user_prompt)
            set -g __triterm_wrapped_prompt_ran 1
            set -q lines[1]; or set lines ''
            set lines[-1] $lines[-1]\e]133\;B\a
            printf '%s\n' $lines
        end
    end

    if test $__triterm_marks = 1
        function __triterm_preexec --on-event fish_preexec
            printf '\e]133;C;cmdline_url=%s\a' (string escape --style=url -- (string sub -l 2048 -- $argv[1] | string collect))
        end
        function __triterm_postexec --on-event fish_postexec
            printf '\e]133;D;%s\a' $status
        end
    end
end
