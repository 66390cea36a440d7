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
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "harden" -d 'Learn a command or a unit, confine it, and attack the confinement'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "compile" -d 'Write a policy as a systemd drop-in or unit, and say how exactly it is enforced'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "apply" -d 'Enforce a policy on a unit of the service manager, and go back when the unit does not work with it'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "rollback" -d 'Take back what was applied to a unit'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "status" -d 'Show what is applied to units'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "confirm" -d 'Vouch for what `apply --confirm-within` applied, so that it stays'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "learn" -d 'Watch a command or a unit and write down what it uses'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "join" -d 'Wait until `ringfence learn --unit` watches this process, and become the command'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "run" -d 'Run a command under its policy'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "prove" -d 'Attack the sandbox that a policy makes, or the one that a unit has'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "attempt" -d 'Make attempts for `ringfence prove --unit`'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "score" -d 'Say how exposed services are, as `systemd-analyze security` does'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "scan" -d 'Rank the services of a host by how exposed they are, and say what each could do'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "check" -d 'Let services only lose privileges: compare them with what a baseline file allows them'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "policy" -d 'Work with traces and manifests; nothing is started'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "secrets" -d 'Move secrets out of configuration files, and back in where a service starts'
complete -c ringfence -n "__fish_ringfence_needs_command" -f -a "generate" -d 'Files that are generated from the definition in this module'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l unit -d 'A service unit of the running system, in place of a command' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l workload -d 'A command that uses the service, run while learning and again to check the confined service. With `--unit` there may be several' -r -f -a "(__fish_complete_command)"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l name -d 'The policy\'s name [default: the program\'s file name, or the unit\'s name]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s o -l output -d 'The directory for NAME.toml, NAME.lock and NAME.trace.jsonl; it must exist [default: the current one, or /etc/ringfence for a unit]' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l format -d 'The form of the report on standard output' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l secrets -d 'Move the secrets in this configuration file of the service into files of root\'s, and start the service with a rendered copy in its place. May be given several times; see `ringfence secrets extract`' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l confirm-within -d 'Roll back unless `ringfence confirm UNIT` comes within this time: for a unit that carries the very connection over which you work' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l timeout -d 'Seconds for the service to become ready and for the workload to pass, each' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l ready -d 'When the service counts as ready for the workload' -r -f -a "auto\t'Once it listens on a socket, or was quiet for two seconds'
listening\t'Only once it listens on a socket'
quiet\t'Only once it was quiet for two seconds'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s y -l yes -d 'Apply without asking'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l dry-run -d 'Learn, show what would change, and change nothing. The unit is restarted to learn it'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l replace-edits -d 'Replace files of ringfence\'s that were edited by hand since. Their content is kept'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -l free -d 'Let the service use every processor while it is watched'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand harden" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -l systemd -d 'Compile for this version of systemd, on a host that has everything it can use [default: this host]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -l unit -d 'Write a drop-in for this unit: its name on this host, or the path of its file' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -s o -l output -d 'Write the files below this directory instead of printing them' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand compile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l unit -d 'The unit; `.service` may be left out' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l confirm-within -d 'Roll back by itself unless `ringfence confirm UNIT` comes in this time: 2min, 90s' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l timeout -d 'How long the unit may take to become active, and its check to pass' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l settle -d 'How long the unit has to stay active without a restart' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -s y -l yes -d 'Write without asking'
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l dry-run -d 'Only show what would change. Exits with 12 when something would'
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -l replace-edits -d 'Replace files of ringfence\'s that were edited by hand since. Their content is kept'
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l to -d 'The generation to go to; a later one than the current is possible too' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l if-unconfirmed -d 'Only if this generation is applied and nobody confirmed it. What the switch of `--confirm-within` runs' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l timeout -d 'How long the unit may take to become active, and its check to pass' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l settle -d 'How long the unit has to stay active without a restart' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -l replace-edits -d 'Replace files of ringfence\'s that were edited by hand since. Their content is kept'
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand status" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand status" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand status" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand confirm" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand confirm" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand confirm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l unit -d 'A service unit to watch in place of a command' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l workload -d 'A command that uses the service. With `--unit` there may be several' -r -f -a "(__fish_complete_command)"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s o -l output -d 'The trace file [default: NAME.trace.jsonl, NAME being the program\'s file name or the unit\'s name]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l timeout -d 'Seconds for the service to become ready and for the workload to pass, each' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l ready -d 'When the service counts as ready for the workload' -r -f -a "auto\t'Once it listens on a socket, or was quiet for two seconds'
listening\t'Only once it listens on a socket'
quiet\t'Only once it was quiet for two seconds'"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l no-reload -d 'Do not reload the unit'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l no-rotate -d 'Do not rotate the unit\'s logs'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l no-restart -d 'Do not restart the unit a second time'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l merge -d 'Add to what the trace file already holds instead of replacing it'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -l free -d 'Let the service use every processor while it is watched'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand learn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -l argv0 -d 'What the command sees as its own name' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -l search -d 'Where a program without a slash is searched' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -l sigpipe -d 'Do not have the command ignore SIGPIPE'
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand join" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -l explain-denials -d 'When the command is done, say what was denied and which grant would have allowed it'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s q -l quiet -d 'Do not say what this host cannot enforce'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l unit -d 'A service unit to attack in place of the native sandbox. Needs root' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l ceiling -d 'The site\'s ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists]' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l format -d 'The form of the report' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -l as-packaged -d 'Leave out what ringfence added to the unit'
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand prove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand attempt" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand attempt" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand attempt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -l systemd -d 'The release of systemd whose verdict is asked for [default: that of the host]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -l as -d 'Whose verdict is asked for' -r -f -a "offline\t'That of `systemd-analyze security --offline=true`, which is wrong about PrivateMounts='
manager\t'That of `systemd-analyze security`, which asks the running manager'"
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'
tsv\t'For spreadsheets: a line each with name, exposure, level, the two sums and the badness of each row'"
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -l root -d 'Look for units in the tree below this directory instead of on this host' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l systemd -d 'The release of systemd whose verdict is asked for [default: that of the host]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l as -d 'Whose verdict is asked for' -r -f -a "offline\t'That of `systemd-analyze security --offline=true`, which is wrong about PrivateMounts='
manager\t'That of `systemd-analyze security`, which asks the running manager'"
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l format -d 'The form of the result' -r -f -a "plain\t'For people; it ends in a table'
json\t'For programs: one JSON object with a `schema` member'
sarif\t'For code scanning: SARIF 2.1.0'"
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l root -d 'Scan the tree below this directory instead of this host' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -l brief -d 'Leave the three lines for each service out of the plain form'
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l baseline -d 'The baseline, a TOML file' -r -F
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l accept -d 'Also write down what this service has gained, or has as a new one. May be given several times' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l systemd -d 'The release of systemd whose verdict counts [default: that of the baseline]' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l as -d 'Whose verdict counts [default: that of the baseline, `manager` for a new one]' -r -f -a "offline\t'That of `systemd-analyze security --offline=true`, which is wrong about PrivateMounts='
manager\t'That of `systemd-analyze security`, which asks the running manager'"
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l root -d 'Check the tree below this directory instead of this host' -r -f -a "(__fish_complete_directories)"
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l format -d 'The form of the result' -r -f -a "plain\t'For people'
json\t'For programs: one JSON object with a `schema` member'"
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -l update -d 'Take out of the baseline what services no longer have; where there is no file yet, write one with all that they have'
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -f -a "extract" -d 'Move the secrets of a configuration file into files for root alone, and leave a template'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -f -a "restore" -d 'Put a configuration file back as it was before its secrets were moved out'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and not __fish_seen_subcommand_from extract restore render" -f -a "render" -d 'Fill in a template when a service starts'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -l only -d 'Only these, by the names that `--dry-run` shows' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -l skip -d 'Not these: they are no secrets, or stay' -r
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -l syntax -d 'How the file is to be read [default: by its name and what is in it]' -r -f -a "lines\t'`key = value`, `key: value` or `key value` on lines'
toml\t'TOML'
yaml\t'YAML'
json\t'JSON'"
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -s y -l yes -d 'Write without asking'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -l dry-run -d 'Only show what would change. Exits with 12 when something would'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from extract" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from restore" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from restore" -l lose-edits -d 'Replace the template even if it was edited. What was edited is lost'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from render" -l color -d 'When to use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set'
always\t'In pipes too'
never\t'Nowhere'"
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from render" -s v -l verbose -d 'Say more on standard error: what the service prints, and each step'
complete -c ringfence -n "__fish_ringfence_using_subcommand secrets; and __fish_seen_subcommand_from render" -s h -l help -d 'Print help (see more with \'--help\')'
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
