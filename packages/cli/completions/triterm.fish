# Completion of triterm for fish. `triterm completion fish` prints it.
function __triterm_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (triterm __complete fish $words "$current" 2>/dev/null)
    or return
    switch "$lines[1]"
        case words nospace
            string join \n -- $lines[2..]
        case directories
            set -l path (string replace -- "$lines[2]" '' "$current")
            string join \n -- "$lines[2]"(__fish_complete_directories "$path")
        case files
            set -l path (string replace -- "$lines[2]" '' "$current")
            string join \n -- "$lines[2]"(__fish_complete_path "$path")
        case command
            set -l command (string escape -- $words[(math $lines[2] + 1)..])
            complete -C (string join ' ' -- $command "$current")
    end
end
complete -c triterm -e
complete -c triterm -f -a '(__triterm_complete)'
