#!/usr/bin/perl
# Does a test fail when a step of the sink's protocol is left out? All mutations of mutations.txt go into one build of a copy of the tree, each behind a switch that an environment
# variable turns on; then the tests of the protocol run once with none of them, and once with each.
#
#   tests/Mutations/run.pl prepare DIR            copy the tree to DIR, put the mutations in, build the unit tests
#   tests/Mutations/run.pl run DIR [NAME...]      run them; prints a line for each; exit code 1 when one was not found
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $root = abs_path(dirname(__FILE__) . '/../..');
my @tests = qw(DeliverySimulationTests ProtocolStepTests PlannedDeliveryTests SinkWorkerTests SinkWorkerBoundsTests SinkWorkerSilentLogTests StreamPositionsTests);
my ($command, $work, @wanted) = @ARGV;
die "usage: $0 prepare DIR | run DIR [NAME...]\n" unless defined $work && $command =~ /^(prepare|run)$/;
my @mutations = read_list("$root/tests/Mutations/mutations.txt");
$command eq 'prepare' ? prepare() : run();

# A paragraph is a file, the text that must stand in it once, and what stands there instead: whole texts with {M} where the switch is asked ("+"), or expressions ("~").
sub read_list {
    my ($file) = @_;
    my (@found, %seen, $path, $old);
    open my $list, '<', $file or die "$file: $!\n";
    while (my $line = <$list>) {
        chomp $line;
        if ($line =~ /^#|^\s*$/) { next }
        elsif ($line =~ /^file (.+)$/) { $path = $1 }
        elsif ($line =~ /^([-=]) (.+)$/) { $old = { kind => $1, text => unescape($2), path => $path, variants => [] }; push @found, $old }
        elsif ($line =~ /^[+~] ([a-z-]+): (.+)$/) {
            die "$file:$.: there are two of $1\n" if $seen{$1}++;
            push @{ $old->{variants} }, { name => $1, text => unescape($2) };
        }
        else { die "$file:$.: what is this?\n" }
    }
    return @found;
}

sub unescape { my ($text) = @_; $text =~ s/\\n/\n/g; return $text }

sub prepare {
    system('mkdir', '-p', $work) == 0 or die "cannot make $work\n";
    die "$work holds something: give an empty folder\n" if glob("$work/*");
    open my $files, '-|', 'git', '-C', $root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard' or die "git: $!\n";
    { local $/; my $names = <$files>; open my $copy, '|-', 'tar', '-C', $root, '--null', '--ignore-failed-read', '-T', '-', '-cf', "$work/tree.tar" or die; print $copy $names; close $copy }
    system("tar -C '$work' -xf '$work/tree.tar' && rm '$work/tree.tar'") == 0 or die "cannot copy the tree\n";
    for my $mutation (@mutations) {
        my $file = "$work/$mutation->{path}";
        open my $in, '<', $file or die "$file: $!\n";
        my $source = do { local $/; <$in> };
        my $count = () = $source =~ /\Q$mutation->{text}\E/g;
        die "$mutation->{path}: \"$mutation->{text}\" stands there $count times, not once: mutations.txt has to follow the code\n" if $count != 1;
        my $new = $mutation->{text};
        if ($mutation->{kind} eq '=') { $new = "(is($_->{name}) ? ($_->{text}) : ($new))" for reverse @{ $mutation->{variants} } }
        else {
            die "$mutation->{path}: one \"+\" for each \"-\"\n" if @{ $mutation->{variants} } != 1;
            my $variant = $mutation->{variants}[0];
            ($new = $variant->{text}) =~ s/\{M\}/is($variant->{name})/g;
        }
        $new =~ s/is\(([a-z-]+)\)/ECapture.Mutation.Is("$1")/g;
        $source =~ s/\Q$mutation->{text}\E/$new/;
        open my $out, '>', $file or die "$file: $!\n";
        print $out $source;
    }
    open my $switch, '>', "$work/src/Sink/Mutation.cs" or die;
    print $switch <<'CS';
namespace ECapture;
internal static class Mutation
{
    private static readonly string? s_name = System.Environment.GetEnvironmentVariable("MUTATION");
    public static bool Is(string name) => s_name == name;
}
CS
    close $switch;
    chdir $work or die;
    system(qw(dotnet build tests/Unit -c Release -v q --nologo -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false -clp:ErrorsOnly)) == 0 or die "the mutated tree does not build\n";
}

sub tests_pass {
    my ($name) = @_;
    local $ENV{MUTATION} = $name;
    my ($exe) = glob("$work/tests/Unit/bin/Release/*/*/ECapture.Tests.Unit");
    my $filter = join ' ', map { "'*.$_'" } @tests;
    # The tests that break the protocol themselves would find nothing else to break. A mutation may go on for ever: that is found, too.
    my $output = `timeout 90 '$exe' --filter-class $filter --filter-not-method '*Deliver_WithoutOneStep_IsFoundOut' --stop-on-fail on 2>&1`;
    my $status = $? >> 8;
    die "no test ran:\n$output" if $status != 0 && $status != 2 && $status != 124;
    my ($test) = $output =~ /^failed (?:\w+\.)*(\w+\.\w+)/m;
    return ($status == 0, $status == 124 ? 'does not end' : $test // '?');
}

sub run {
    my %wanted = map { $_ => 1 } @wanted;
    my ($is_good) = tests_pass('');
    die "the tests fail without any mutation\n" unless $is_good;
    my ($found, $missed) = (0, 0);
    for my $name (map { $_->{name} } map { @{ $_->{variants} } } @mutations) {
        next if @wanted && !$wanted{$name};
        my ($passes, $by) = tests_pass($name);
        $passes ? $missed++ : $found++;
        printf "%-7s %-32s %s\n", $passes ? 'MISSED' : 'found', $name, $passes ? '' : $by;
    }
    print "$found found, $missed missed\n";
    exit($missed ? 1 : 0);
}
