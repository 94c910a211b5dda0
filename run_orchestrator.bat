@echo off
rem Starts the daemon, or one of its sub-commands: run_orchestrator.bat [status | doctor | new NAME TEXT | ...]
setlocal
set "HERE=%~dp0"
where uv >nul 2>nul
if errorlevel 1 goto python
uv run --project "%HERE%." --extra embedded "%HERE%run_orchestrator.py" %*
exit /b %errorlevel%
:python
where py >nul 2>nul
if errorlevel 1 (python "%HERE%run_orchestrator.py" %*) else (py -3 "%HERE%run_orchestrator.py" %*)
exit /b %errorlevel%
