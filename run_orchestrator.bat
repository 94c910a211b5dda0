@echo off
rem Starts the daemon, or one of its sub-commands: run_orchestrator.bat [status | doctor | new NAME TEXT | ...]
rem It uses uv; else the environment in .venv; else the Python that is active or installed.
setlocal
set "HERE=%~dp0"

where uv >nul 2>nul
if errorlevel 1 goto no_uv
uv run --project "%HERE%." --extra embedded "%HERE%run_orchestrator.py" %*
exit /b %errorlevel%

:no_uv
if not exist "%HERE%.venv\Scripts\python.exe" goto no_environment
"%HERE%.venv\Scripts\python.exe" "%HERE%run_orchestrator.py" %*
exit /b %errorlevel%

:no_environment
rem Without -3: with it, the launcher would pass by an environment that is active.
where py >nul 2>nul
if errorlevel 1 goto no_launcher
py "%HERE%run_orchestrator.py" %*
exit /b %errorlevel%

:no_launcher
python "%HERE%run_orchestrator.py" %*
exit /b %errorlevel%
