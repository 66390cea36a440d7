# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ringfence_global_optspecs
    string join \n color= v/verbose h/help V/version
end

function __fish_ringfence_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ringfence_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ringfence_using_subcommand
    set -l cmd (__fish_ringfence_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ringfence -n "__fish_ringfence_needs_command" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_needs_command" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_needs_command" -s V -l version -d 'Print version'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "harden" -d 'Learn a command, confine it, and attack the confinement'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "learn" -d 'Watch a command and write down what it uses'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "run" -d 'Run a command under its policy'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "prove" -d 'Attack the sandbox that a policy makes'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "policy" -d 'Work with traces and manifests; nothing is started'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "generate" -d 'Files that are generated from the definition in this module'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l workload -d 'A command that uses the service, run while learning and again to check the confined service' -r -f -a "(__fish_complete_command)"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l name -d 'The policy\'s name [default: the program\'s file name]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s o -l output -d 'The directory for NAME.toml, NAME.lock and NAME.trace.jsonl; it must exist' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l format -d 'The form of the report on standard output' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l timeout -d 'Seconds for the service to become ready and for the workload to pass, each' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l ready -d 'When the service counts as ready for the workload' -r -f -a "auto\t'Once it listens on a socket, or was quiet for two seconds'
listening\t'Only once it listens on a socket'
quiet\t'Only once it was quiet for two seconds'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l free -d 'Let the service use every processor while it is watched'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l workload -d 'A command that uses the service' -r -f -a "(__fish_complete_command)"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s o -l output -d 'The trace file [default: NAME.trace.jsonl, NAME being the program\'s file name]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l timeout -d 'Seconds for the service to become ready and for the workload to pass, each' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l ready -d 'When the service counts as ready for the workload' -r -f -a "auto\t'Once it listens on a socket, or was quiet for two seconds'
listening\t'Only once it listens on a socket'
quiet\t'Only once it was quiet for two seconds'"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l merge -d 'Add to what the trace file already holds instead of replacing it'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l free -d 'Let the service use every processor while it is watched'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l explain-denials -d 'When the command is done, say what was denied and which grant would have allowed it'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s q -l quiet -d 'Do not say what this host cannot enforce'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l format -d 'The form of the report' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "derive" -d 'Turn traces into the smallest manifest that allows what they saw'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "check" -d 'Check manifests, and say what this host can enforce of them'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "diff" -d 'Say which privileges a new manifest adds to an old one'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "merge" -d 'Join traces, or manifests, into one'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "explain" -d 'Say in sentences what a manifest allows, why, and at what risk'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "fmt" -d 'Bring manifests into the canonical form'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and not __fish_seen_subcommand_from derive check diff merge explain fmt schema" -f -a "schema" -d 'Print the JSON Schema of the manifest, for editors'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from derive" -l name -d 'The policy\'s name [default: the program\'s file name]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from derive" -s o -l output -d 'Write the manifest here, and its lock beside it' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from derive" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from derive" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from derive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from check" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from check" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from check" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from diff" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from diff" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from merge" -s o -l output -d 'Write the result here instead of printing it' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from merge" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from merge" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from explain" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from explain" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l check -d 'Change nothing; exit with 12 when a file is not canonical, and name it'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from fmt" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from fmt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from schema" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand policy; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and not __fish_seen_subcommand_from man completions" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and not __fish_seen_subcommand_from man completions" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and not __fish_seen_subcommand_from man completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and not __fish_seen_subcommand_from man completions" -f -a "man" -d 'Write the man pages into a directory'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and not __fish_seen_subcommand_from man completions" -f -a "completions" -d 'Print the completions for a shell'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from man" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from man" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from completions" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from completions" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand generate; and __fish_seen_subcommand_from completions" -s h -l help -d 'Print help (see more with \'--help\')'
