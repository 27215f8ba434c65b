# Completion of hubctl for fish: hubctl completion fish | source

function __hubctl_command
    for word in (commandline -opc)[2..-1]
        switch $word
            case '-*'
            case '*'
                echo $word
                return
        end
    end
end

function __hubctl_no_command
    test -z (__hubctl_command)
end

function __hubctl_command_is
    contains -- (__hubctl_command) $argv
end

complete -c hubctl -f
