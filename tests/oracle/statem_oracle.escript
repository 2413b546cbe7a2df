#!/usr/bin/env escript
%%! +S 1:1 -kernel logger_level none
%% Runs a scenario of one state machine on Erlang/OTP's gen_statem and prints its trace.
%% tests/oracle/README.md describes the scenario and the trace.
%% Usage: escript statem_oracle.escript SCENARIO
-mode(compile).
-export([init/1, callback_mode/0, handle_event/4, terminate/3]).

main([File]) ->
    process_flag(trap_exit, true),
    {ok, Bin} = file:read_file(File),
    Lines = [string:trim(L) || L <- string:split(binary_to_list(Bin), "\n", all), keep(string:trim(L))],
    oracle = ets:new(oracle, [named_table, public, ordered_set]),
    [{module, M} = code:ensure_loaded(M) || M <- [gen, gen_statem, proc_lib, sys, timer, string]],
    register(driver, self()),
    {Head, [_ | Events]} = lists:splitwith(fun(L) -> L =/= "events" end, Lines),
    lists:foreach(fun(L) -> head(string:lexemes(L, " ")) end, Head),
    lists:foreach(fun(L) -> io:format("== ~s~n", [L]), event(string:lexemes(L, " ")), report() end, Events),
    halt(0);
main(_) -> io:format("usage: statem_oracle SCENARIO~n"), halt(2).

keep("") -> false;
keep([$# | _]) -> false;
keep(_) -> true.
at(S) -> list_to_atom(S).
int(S) -> list_to_integer(S).
ops(Words) -> [string:split(W, ":", all) || W <- Words].

head(["machine", "enter=" ++ E, "trap=" ++ T]) -> ets:insert(oracle, [{enter, at(E)}, {trap, at(T)}]);
head(["event", E | Ops]) -> ets:insert(oracle, {{event, E}, ops(Ops)});
head(["enter", S | Ops]) -> ets:insert(oracle, {{enter, at(S)}, ops(Ops)}).
lookup(K, D) -> case ets:lookup(oracle, K) of [{_, V}] -> V; [] -> D end.

%% --- events ---------------------------------------------------------------
event(["start", S | Ops]) ->
    case catch gen_statem:start_link({local, m}, ?MODULE, {at(S), ops(Ops)}, []) of
        {ok, P} -> ets:insert(oracle, {{machine, P}, true}), io:format("reply ok~n");
        {error, {already_started, _}} -> io:format("reply error already_started~n");
        {error, R} -> io:format("reply error ~s~n", [reason(R)]);
        ignore -> io:format("reply ignore~n")
    end;
event(["call", C, E | Within]) ->
    T = case Within of ["within=" ++ Ms] -> int(Ms); [] -> infinity end,
    D = self(),
    spawn(fun() ->
        R = try gen_statem:call(m, {do, E}, T) of V -> {reply, V} catch exit:{X, {gen_statem, call, _}} -> {exit, X} end,
        D ! {client, C, R}
    end);
event(["cast", E]) -> gen_statem:cast(m, {do, E}), io:format("reply ok~n");
event(["info", E]) -> running(fun(P) -> P ! {do, E} end);
event(["stop", C, R]) ->
    D = self(), Reason = reason_of(R),
    spawn(fun() ->
        X = try gen_statem:stop(m, Reason, 5000) of ok -> {reply, ok} catch exit:{Y, {sys, terminate, _}} -> {exit, Y}; exit:Y -> {exit, Y} end,
        D ! {client, C, X}
    end);
event(["stranger", R]) -> running(fun(P) -> Reason = reason_of(R), spawn(fun() -> exit(P, Reason) end) end);
event(["parent", R]) -> running(fun(P) -> exit(P, reason_of(R)) end);
event(["suspend"]) -> running(fun(P) -> sys:suspend(P), io:format("reply ok~n") end);
event(["resume"]) -> running(fun(P) -> sys:resume(P), io:format("reply ok~n") end);
event(["get_state"]) -> running(fun(P) -> {S, _} = sys:get_state(P), io:format("reply ~s~n", [S]) end);
event(["replace_state", S]) -> running(fun(P) -> sys:replace_state(P, fun({_, D}) -> {at(S), D} end), io:format("reply ok~n") end).

running(F) -> case whereis(m) of undefined -> io:format("reply not_running~n"); P -> F(P) end.

%% --- the machine: the scenario says what it does with each event ----------------
callback_mode() -> case lookup(enter, false) of true -> [handle_event_function, state_enter]; false -> handle_event_function end.
init({S, Ops}) ->
    process_flag(trap_exit, lookup(trap, false)),
    put(fuel, 60),
    log("init", []),
    case run(Ops, S, none) of
        #{stop := R} -> {stop, R};
        #{ignore := true} -> ignore;
        A -> {ok, S, s, actions(A)}
    end.
handle_event(enter, Old, S, D) ->
    log("enter ~s from ~s", [S, Old]),
    result(run(lookup({enter, S}, []), S, none), S, D);
handle_event(info, {'EXIT', _, R}, S, D) -> log("info exit ~s in ~s", [reason(R), S]), {keep_state, D};
%% OTP 25 loses a timer that is set while one of no time of the same kind is still to come: its message is an info then.
handle_event(info, {timeout, _, _}, _, D) -> log("LOST TIMER", []), {keep_state, D};
handle_event(Type, {do, E}, S, D) ->
    case get(fuel) of
        0 -> log("spent ~s in ~s", [E, S]), {keep_state, D};
        N ->
            put(fuel, N - 1),
            log("~s ~s in ~s", [type(Type), E, S]),
            From = case Type of {call, F} -> F; _ -> none end,
            result(run(lookup({event, E}, []), S, From), S, D)
    end.
terminate(R, S, _) ->
    log("terminate ~s in ~s", [reason(R), S]),
    case get(last_words) of undefined -> ok; "panic" -> error(last); X -> exit(at(X)) end.

type({call, _}) -> "call";
type({timeout, N}) -> ["timeout ", N];
type(T) -> atom_to_list(T).

result(#{stop := R, replies := Rs}, _, D) when Rs =/= [] -> {stop_and_reply, R, lists:reverse(Rs), D};
result(#{stop := R}, _, D) -> {stop, R, D};
result(#{next := N} = A, _, D) -> {next_state, N, D, actions(A)};
result(#{repeat := true} = A, _, D) -> {repeat_state, D, actions(A)};
result(A, _, D) -> {keep_state, D, actions(A)}.
actions(#{actions := As, replies := Rs}) -> lists:reverse(Rs) ++ lists:reverse(As).

run(Ops, S, From) -> lists:foldl(fun(Op, A) -> op(Op, S, From, A) end, #{actions => [], replies => []}, Ops).
act(X, #{actions := As} = A) -> A#{actions := [X | As]}.
time("infinity") -> infinity;
time(T) -> int(T).
op(["next", X], _, _, A) -> A#{next => at(X)};
op(["repeat"], _, _, A) -> A#{repeat => true};
op(["postpone", X], S, _, A) -> case at(X) of S -> act({postpone, true}, A); _ -> A end;
op(["unpostpone"], _, _, A) -> act({postpone, false}, A);
op(["insert", E], _, _, A) -> act({next_event, internal, {do, E}}, A);
op(["state", "cancel"], _, _, A) -> act({state_timeout, cancel}, A);
op(["state", "update", E], _, _, A) -> act({state_timeout, update, {do, E}}, A);
op(["state", T, E], _, _, A) -> act({state_timeout, time(T), {do, E}}, A);
op(["at", T, E], _, _, A) -> act({state_timeout, erlang:monotonic_time(millisecond) + int(T), {do, E}, [{abs, true}]}, A);
op(["event", T, E], _, _, A) -> act({timeout, time(T), {do, E}}, A);
op(["named", N, "cancel"], _, _, A) -> act({{timeout, N}, cancel}, A);
op(["named", N, "update", E], _, _, A) -> act({{timeout, N}, update, {do, E}}, A);
op(["named", N, T, E], _, _, A) -> act({{timeout, N}, time(T), {do, E}}, A);
op(["reply", V], _, F, A) -> case F of none -> A; _ -> maps:update_with(replies, fun(R) -> [{reply, F, V} | R] end, A) end;
op(["keep", K], _, F, A) -> case F of none -> ok; _ -> put({kept, K}, F) end, A;
op(["answer", K, V], _, _, A) ->
    case get({kept, K}) of
        undefined -> log("nothing_kept ~s", [K]), A;
        F -> maps:update_with(replies, fun(R) -> [{reply, F, V} | R] end, A)
    end;
op(["stop", R], _, _, A) -> A#{stop => reason_of(R)};
op(["ignore"], _, _, A) -> A#{ignore => true};
op(["exit", R], _, _, _) -> exit(reason_of(R));
op(["panic", X], _, _, _) -> error(at(X));
op(["sleep", T], _, _, A) -> timer:sleep(int(T)), A;
op(["last_words", X], _, _, A) -> put(last_words, X), A.

log(F, A) -> driver ! {log, lists:flatten(io_lib:format(F, A))}.
reason_of("shutdown/" ++ X) -> {shutdown, at(X)};
reason_of(R) -> at(R).
reason({shutdown, X}) when is_atom(X) -> io_lib:format("shutdown/~s", [X]);
reason({X, [{_, _, _, _} | _]}) when is_atom(X) -> io_lib:format("panic ~s", [X]);
reason(R) when is_atom(R) -> atom_to_list(R);
reason(R) -> lists:flatten(io_lib:format("~0p", [R])).

%% --- the trace ------------------------------------------------------------
report() ->
    {Logs, Rest} = collect([], [], 0),
    [io:format("m: ~s~n", [L]) || L <- Logs],
    [io:format("~s~n", [L]) || L <- lists:sort(Rest)].
collect(Logs, Rest, Quiet) ->
    receive
        {log, L} -> collect([L | Logs], Rest, 0);
        {client, C, {reply, V}} -> collect(Logs, [lists:flatten(io_lib:format("~s reply ~s", [C, V])) | Rest], 0);
        {client, C, {exit, R}} -> collect(Logs, [lists:flatten(io_lib:format("~s exit ~s", [C, reason(R)])) | Rest], 0);
        {'EXIT', P, R} ->
            case lookup({machine, P}, false) of
                true -> collect(Logs, [lists:flatten(io_lib:format("down ~s", [reason(R)])) | Rest], 0);
                false -> collect(Logs, Rest, 0)
            end
    after 10 ->
        case Quiet >= 13 of true -> {lists:reverse(Logs), Rest}; false -> collect(Logs, Rest, Quiet + 1) end
    end.
