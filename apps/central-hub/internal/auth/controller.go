package auth

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Texts of the contract that several routes answer with.
const (
	serverError  = "Error del servidor"
	noToken      = "Token no proporcionado"
	invalidToken = "Token inválido o expirado"
	noSuchUser   = "Usuario no encontrado"
)

// Controller answers requests from a Service.
type Controller struct {
	service *Service
	client  func(*gin.Context) netip.Addr
}

// NewController returns a controller that answers from service; client tells a
// request's address, such as web.Proxies.Client.
func NewController(service *Service, client func(*gin.Context) netip.Addr) Controller {
	return Controller{service, client}
}

type loginAnswer struct {
	Success bool   `json:"success"`
	Token   string `json:"token"`
	User    Claims `json:"user"`
}

func (h Controller) login(c *gin.Context) {
	var body struct{ Usuario, Username, Password string }
	err := web.Decode(c, &body)
	if body.Usuario == "" {
		body.Usuario = body.Username
	}
	if err != nil || body.Usuario == "" || body.Password == "" {
		web.Fail(c, http.StatusBadRequest, "Usuario y contraseña son requeridos")
		return
	}
	session, err := h.service.Login(c.Request.Context(), body.Usuario, body.Password, h.client(c))
	if err != nil {
		refuseLogin(c, err)
		return
	}
	web.JSON(c, http.StatusOK, loginAnswer{true, session.Token, session.User})
}

func refuseLogin(c *gin.Context, err error) {
	var limit *LimitError
	switch {
	case errors.As(err, &limit):
		refuseForNow(c, limit)
	case errors.Is(err, ErrNoUser):
		web.Fail(c, http.StatusUnauthorized, "Usuario no encontrado o inactivo")
	case errors.Is(err, ErrWrongPassword):
		web.Fail(c, http.StatusUnauthorized, "Contraseña incorrecta")
	default:
		web.Fail(c, http.StatusInternalServerError, serverError)
	}
}

func refuseForNow(c *gin.Context, limit *LimitError) {
	c.Header("Retry-After", strconv.Itoa(seconds(limit.RetryAfter)))
	web.Fail(c, http.StatusTooManyRequests, "Demasiados intentos fallidos. Intenta de nuevo más tarde")
}

// seconds rounds up, so that who waits as told is not too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

type userAnswer struct {
	Success bool    `json:"success"`
	User    profile `json:"user"`
}

type profile struct {
	Claims
	Activo int `json:"activo"`
}

func (h Controller) verify(c *gin.Context) {
	token := bearer(c)
	if token == "" {
		web.Fail(c, http.StatusUnauthorized, noToken)
		return
	}
	user, err := h.service.Verify(c.Request.Context(), token)
	answerUser(c, user, err)
}

func (h Controller) me(c *gin.Context) {
	user, err := h.service.User(c.Request.Context(), CurrentUser(c).ID)
	answerUser(c, user, err)
}

func answerUser(c *gin.Context, user User, err error) {
	switch {
	case err == nil:
		web.JSON(c, http.StatusOK, userAnswer{true, profile{user.Claims(), user.Activo}})
	case errors.Is(err, ErrNoUser):
		web.Fail(c, http.StatusNotFound, noSuchUser)
	case errors.Is(err, ErrToken):
		web.Fail(c, http.StatusUnauthorized, invalidToken)
	default:
		web.Fail(c, http.StatusInternalServerError, serverError)
	}
}

type messageAnswer struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (h Controller) changePassword(c *gin.Context) {
	var body struct{ OldPassword, NewPassword string }
	if err := web.Decode(c, &body); err != nil || body.OldPassword == "" || body.NewPassword == "" {
		web.Fail(c, http.StatusBadRequest, "Contraseña actual y nueva son requeridas")
		return
	}
	switch err := CheckPassword(body.NewPassword); {
	case errors.Is(err, ErrPasswordTooShort):
		web.Fail(c, http.StatusBadRequest, "La nueva contraseña debe tener al menos 6 caracteres")
		return
	case err != nil:
		web.Fail(c, http.StatusBadRequest, "La nueva contraseña no puede superar los 72 bytes")
		return
	}
	err := h.service.ChangePassword(c.Request.Context(), CurrentUser(c).ID, body.OldPassword, body.NewPassword)
	if limit := (*LimitError)(nil); errors.As(err, &limit) {
		refuseForNow(c, limit)
		return
	}
	web.JSON(c, http.StatusOK, passwordChanged(err))
}

// passwordChanged is a 200 but for too many tries: success alone tells whether it worked.
func passwordChanged(err error) messageAnswer {
	switch {
	case err == nil:
		return messageAnswer{true, "Contraseña actualizada correctamente"}
	case errors.Is(err, ErrNoUser):
		return messageAnswer{false, noSuchUser}
	case errors.Is(err, ErrWrongPassword):
		return messageAnswer{false, "Contraseña actual incorrecta"}
	default:
		return messageAnswer{false, serverError}
	}
}

// logout has nothing to end: a token is in force until it expires.
func (h Controller) logout(c *gin.Context) {
	web.JSON(c, http.StatusOK, messageAnswer{true, "Sesión cerrada correctamente"})
}
